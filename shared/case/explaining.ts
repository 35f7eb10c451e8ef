import { readKey } from '#shared/aws/keys';
import type { Custody } from '#shared/aws/session';
import { diagnose } from '#shared/diagnosis/diagnose';
import type { Diagnosis } from '#shared/diagnosis/diagnosis';
import { denialAttribute } from '#shared/ledger/ledger';
import type { Denial } from '#shared/signal/signal';
import type { CaseRequest, KeyReading, SignalRequest } from './case.ts';
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

/** Every refusal that joined the case's own. Where the ledger cannot be read, its own alone. */
const refusalsOf = (flow: Flow, tools: Tools, { joinKey, denial }: SignalRequest): Promise<readonly Denial[]> =>
  flow
    .step('gather the refusals', async () => {
      const { denials } = await tools.ledger.join(joinKey);
      return denials.length === 0 ? [denial] : denials;
    })
    .catch(() => [denial]);

/** The refusals that other executions added while the case ran; told in the report, beside those that it began with. */
export const withAbsorbed = async (
  flow: Flow,
  tools: Tools,
  explained: Explained,
  caseId: string,
): Promise<Explained> => {
  const added = await flow.step('gather what was added', () => tools.claims.denialsOf(caseId)).catch(() => []);
  const known = new Set(explained.denials.map(denialAttribute));
  return {
    ...explained,
    denials: [...explained.denials, ...added.filter((denial) => !known.has(denialAttribute(denial)))],
  };
};

/** Why KMS refused, as far as the messages and DescribeKey tell. It never fails: what cannot be read is missing. */
export const explain = async (flow: Flow, tools: Tools, request: CaseRequest): Promise<Explained> => {
  if (!('joinKey' in request)) return { diagnosis: null, denials: [], at: null };
  const denials = await refusalsOf(flow, tools, request);
  const denial = mostTelling(denials) ?? request.denial;
  const { keyArn } = denial;
  const key =
    keyArn === null
      ? null
      : await flow
          .step('describe the key', (custody) => keyReading(tools, custody, keyArn))
          .catch((error: Error): KeyReading => ({ known: false, because: error.message }));
  const at = await flow.step('explained', async () => new Date().toISOString());
  return { diagnosis: diagnose(denial, key), denials, at };
};
