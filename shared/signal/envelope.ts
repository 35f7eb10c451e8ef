import * as z from 'zod';
import { AccountId, Region } from './identifiers.ts';

/** The frame in which EventBridge delivers every event. https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html */
export const Envelope = z.object({
  id: z.string().min(1).max(128),
  'detail-type': z.string().min(1).max(128),
  source: z.string().min(1).max(128),
  account: AccountId,
  time: z.string().max(64),
  region: Region,
  // A notification of many snapshots names them all; the first two are read.
  resources: z
    .array(z.unknown())
    .default([])
    .transform((resources) => resources.slice(0, 2))
    .pipe(z.array(z.string().max(2_048))),
  detail: z.record(z.string(), z.unknown()),
});
export type Envelope = z.infer<typeof Envelope>;

/** `Date.parse` alone also takes `5` and `foo 1` for years. */
const ISO = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/;

/** An instant in ISO 8601, or `null`: a time that cannot be read loses a join by time, never the signal. */
export const instant = (text: string | undefined): string | null => {
  const milliseconds = text !== undefined && ISO.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(milliseconds) ? null : new Date(milliseconds).toISOString();
};

/** Input that fits no schema. The message names the first field that does not fit. */
export class MalformedEventError extends Error {
  override readonly name = 'MalformedEventError';
}

/** Parses with a schema, or throws what is wrong where, in one line. */
export const parse = <T>(schema: z.ZodType<T>, input: unknown, at: string): T => {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const place = [at, ...(issue?.path ?? []).map(String)].filter((part) => part !== '').join('.');
  throw new MalformedEventError(`\`${place || 'event'}\`: ${(issue?.message ?? 'unreadable').slice(0, 300)}`);
};
