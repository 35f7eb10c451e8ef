import type { EvidenceBucket } from '#shared/aws/evidence-bucket';
import type { Notice } from '#shared/aws/notice';
import type { Custody, Sessions } from '#shared/aws/session';
import type { Flow } from '#shared/case/flow';
import type { Settings } from '#shared/settings';
import { examining } from './examining.ts';
import type { ReadinessRequest } from './request.ts';
import { type Shelf, shelfOf } from './shelf.ts';

export interface ReadinessTools {
  readonly settings: Settings;
  readonly sessions: Sessions;
  readonly bucket: EvidenceBucket;
  readonly notice: Pick<Notice, 'readinessDone'>;
  /** How far a long run is. */
  readonly progress: (said: Readonly<Record<string, unknown>>) => void;
}

/** `20260302-3f9a1c2b` */
const runIdOf = (executionArn: string): string => {
  const tail = executionArn.replace(/[^a-zA-Z0-9]/g, '').slice(-8);
  return `${new Date().toISOString().slice(0, 10).replaceAll('-', '')}-${tail.toLowerCase()}`;
};

/** What goes on in a run: its steps, and its folder in the evidence bucket. */
export const runIn = async (flow: Flow, tools: ReadinessTools, request: ReadinessRequest) => {
  const { settings, sessions, bucket } = tools;
  const begun = await flow.step('begin', async () => ({
    at: new Date().toISOString(),
    runId: runIdOf(flow.executionArn),
  }));
  const folder = `readiness/${begun.runId}`;
  const own = () => sessions.at(settings.ACCOUNT_ID, settings.AWS_REGION);

  const keep = async (custody: Custody, name: string, value: unknown): Promise<void> =>
    bucket.put(custody, await own(), `${folder}/${name}`, JSON.stringify(value), 'application/json');

  // Facts do not cross steps: a run that was interrupted reads again what the rest of it needs, and nothing else.
  const custody: Custody = [];
  const shelf: Shelf = shelfOf({ settings, sessions }, custody, {
    responseRoles: request.responseRoles,
    platformKeyArn: request.platformKeyArn ?? null,
    sessionPolicies: request.sessionPolicies.map((document, at) => ({ name: `session policy ${at + 1}`, document })),
    endpointPolicy:
      request.vpcEndpointPolicy === undefined
        ? null
        : { name: 'the policy of the VPC endpoint', document: request.vpcEndpointPolicy },
  });

  return { ...begun, folder, own, keep, shelf, custody, examiner: examining(settings, shelf) };
};
export type Run = Awaited<ReturnType<typeof runIn>>;

/** The calls of a step are kept with it. */
export const drained = (from: Custody, into: Custody): void => {
  into.push(...from.splice(0));
};
