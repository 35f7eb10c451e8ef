import * as z from 'zod';
import { readGuestReport } from '../guest-report.ts';

/**
 * What the collector reports in its last line. It comes from a host that may be the attacker's: everything is bounded,
 * and nothing in it is believed before S3 has confirmed it.
 */
const Report = z
  .object({
    case: z.string().max(128),
    /** Empty and 0 where it failed before there was an archive. */
    sha256: z.string().regex(/^(?:[0-9a-f]{64})?$/),
    bytes: z
      .int()
      .min(0)
      .max(2 ** 46),
    uploaded: z.boolean(),
    error: z.string().max(200).optional(),
    collectors: z.object({
      ok: z.number().int().min(0).max(10_000),
      failed: z.number().int().min(0).max(10_000),
      skipped: z.number().int().min(0).max(10_000).default(0),
    }),
  })
  .refine(({ sha256, bytes }) => (sha256 === '') === (bytes === 0), 'an archive has both a hash and a size');
export type CollectorReport = z.infer<typeof Report>;

/** The report of the collector in a command's output; `null` where there is none that can be read. */
export const readReport = (stdout: string, caseId: string): CollectorReport | null =>
  readGuestReport(Report, stdout, caseId);

/** What arrived in S3, against what the collector reported. INVARIANT: only an exact match is evidence. */
export const matches = (report: CollectorReport, stored: { bytes: number; sha256: string }): boolean =>
  report.bytes === stored.bytes && report.sha256 === stored.sha256;
