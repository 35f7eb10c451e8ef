import * as z from 'zod';
import { parse } from '#shared/signal/envelope';

const ByHand = z.strictObject({
  /** Tells what would be done, and does none of it. */
  dryRun: z.boolean().default(false),
});
export type SweepRequest = z.infer<typeof ByHand>;

const isSchedule = (event: unknown): boolean =>
  typeof event === 'object' && event !== null && 'source' in event && event.source === 'aws.events';

/** Reads what the function was started with: EventBridge's schedule, or a request by hand. @throws MalformedEventError */
export const parseSweepRequest = (event: unknown): SweepRequest =>
  isSchedule(event) ? { dryRun: false } : parse(ByHand, event ?? {}, '');
