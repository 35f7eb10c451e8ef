import { z } from 'zod';
import { HealthCheck, OutlookEntry, Row, VerdictName } from '#shared/readiness/report';
import type { Rehearsal } from '../rehearsal.ts';

/** A report of readiness, as a test reads it back from the bucket. */
const Counts = z.object({ ready: z.number(), refused: z.number(), undetermined: z.number() });
export const Report = z.object({
  runId: z.string(),
  scope: z.string(),
  machines: Counts,
  volumes: Counts,
  unread: z.array(z.string()),
  health: z.array(HealthCheck),
  calls: z.record(z.string(), z.number()),
  outlooks: z.array(OutlookEntry),
  rows: z.array(Row.extend({ verdict: VerdictName })),
});
export type Report = z.infer<typeof Report>;

const Summary = z.looseObject({ runId: z.string(), report: z.string() });

/** Asks readiness by hand, as a person does, and reads what it wrote. */
export const askReadiness = async (
  { account }: Rehearsal,
  request: unknown = {},
): Promise<{ summary: z.infer<typeof Summary>; report: Report }> => {
  const session = account.sessionOf('ReadinessFunction');
  const call = { input: {}, session, region: account.region, requestId: account.ground.uuid() };
  const summary = Summary.parse(await account.lambda.invoke(call, 'ReadinessFunction', request));
  const body = account.store.latest().get(`${account.bucket}/readiness/${summary.runId}/readiness.json`);
  return { summary, report: Report.parse(JSON.parse(body?.toString() ?? 'null')) };
};
