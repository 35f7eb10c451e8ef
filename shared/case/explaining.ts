import { readKey } from '#shared/aws/keys';
import type { Custody } from '#shared/aws/session';
import { diagnose } from '#shared/diagnosis/diagnose';
import type { Diagnosis } from '#shared/diagnosis/diagnosis';
import type { Denial } from '#shared/signal/signal';
import type { CaseRequest, KeyReading } from './case.ts';
import type { Flow } from './flow.ts';
import type { Tools } from './tools.ts';

export interface Explained {
  /** `null` for a case opened by hand: nothing was refused that it knows of. */
  readonly diagnosis: Diagnosis | null;
  readonly denials: readonly Denial[];
  readonly at: string | null;
}

/** The refusal that tells most: one whose words name a layer. */
const mostTelling = (denials: readonly Denial[]): Denial | undefined =>
  denials.find(({ layer }) => layer !== null) ?? denials[0];

/** A key is described where it lives. A session that cannot be had there leaves its state unknown. */
const keyReading = async (tools: Tools, custody: Custody, keyArn: string): Promise<KeyReading> => {
  const [, , , region = '', accountId = ''] = keyArn.split(':');
  const session = await tools.sessions.at(accountId, region).catch(() => null);
  if (session === null) return { known: false, because: `there is no session in account ${accountId}` };
  return readKey(session, custody, keyArn);
};

/** Why KMS refused, as far as the messages and DescribeKey tell. */
export const explain = async (flow: Flow, tools: Tools, request: CaseRequest): Promise<Explained> => {
  if (!('joinKey' in request)) return { diagnosis: null, denials: [], at: null };
  const denials = await flow.step('gather the refusals', async () => {
    const { denials: joined } = await tools.ledger.join(request.joinKey);
    return joined.length === 0 ? [request.denial] : [...joined];
  });
  const denial = mostTelling(denials) ?? request.denial;
  const { keyArn } = denial;
  const read = await flow.step('describe the key', async (custody) => ({
    key: keyArn === null ? null : await keyReading(tools, custody, keyArn),
    at: new Date().toISOString(),
  }));
  return { diagnosis: diagnose(denial, read.key), denials, at: read.at };
};
