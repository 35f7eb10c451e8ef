import * as z from 'zod';
import { readGuestReport } from '../../guest-report.ts';

/** Empty where it failed before all was read. */
const Checksum = z.string().regex(/^(?:[0-9a-f]{64})?$/);
/** Empty where the disk was not found. */
const Device = z.string().regex(/^[A-Za-z0-9/_.-]{0,64}$/);
/** The largest EBS volume has 64 TiB (Amazon EBS user guide, "Amazon EBS volume types"). */
const LARGEST = 2 ** 46;

/**
 * What the copier reports in its last line. It comes from a host that may be the attacker's: everything is bounded, and
 * `copied` says no more than that the host says so.
 */
const Report = z
  .object({
    case: z.string().max(128),
    /** Of what was read from the source, while it was in use. */
    sha256: Checksum,
    /** Of the target, read back. */
    targetSha256: Checksum,
    /** How far the target was written. */
    bytes: z.int().min(0).max(LARGEST),
    sourceDevice: Device,
    targetDevice: Device,
    copied: z.boolean(),
    /** What the copier says, and nothing that could be taken for a command of ours. */
    error: z
      .string()
      .regex(/^[A-Za-z0-9 .:-]{0,100}$/)
      .optional(),
  })
  .refine(({ copied, error }) => copied === (error === undefined), 'either it is copied, or an error says why not')
  .refine(
    ({ copied, sha256, targetSha256, bytes }) => !copied || (sha256 !== '' && sha256 === targetSha256 && bytes > 0),
    'a copy has two checksums that agree',
  );
export type CopyReport = z.infer<typeof Report>;

/** The report of the copier in a command's output; `null` where there is none that can be read. */
export const readCopyReport = (stdout: string, caseId: string): CopyReport | null =>
  readGuestReport(Report, stdout, caseId);

/** INVARIANT: only a copy of every byte of the volume, read back with the same checksum, is evidence. */
export const isWhole = (report: CopyReport, volume: { readonly bytes: number }): boolean =>
  report.copied && report.bytes === volume.bytes;
