import { findSourceKey } from '#shared/aws/instances';
import { diagnose } from '#shared/diagnosis/diagnose';
import type { Diagnosis } from '#shared/diagnosis/diagnosis';
import { type AskedOf, factsFileOf } from '#shared/diagnosis/facts-file';
import type { FactsRecord } from '#shared/diagnosis/facts-record';
import { type Question, questionOf } from '#shared/diagnosis/question';
import { type StoredFile, storedDocument } from '#shared/evidence/manifest';
import { denialAttribute } from '#shared/ledger/ledger';
import { isOfSourceKey } from '#shared/ledger/opening';
import { questionOf as questionOfAsked, resourceOf } from '#shared/readiness/asked';
import { KeyArn } from '#shared/signal/identifiers';
import type { AcquiringCall, Denial } from '#shared/signal/signal';
import type { CaseRequest, FindingRequest, Origin, SignalRequest } from './case.ts';
import type { Flow } from './flow.ts';
import { gatherFacts } from './gathering.ts';
import type { Tools } from './tools.ts';

export interface Explained {
  /** `null` for a case opened by hand: nothing was refused that it knows of. */
  readonly diagnosis: Diagnosis | null;
  readonly denials: readonly Denial[];
  readonly at: string | null;
  /** `facts.json`, where it was kept. */
  readonly stored: readonly StoredFile[];
}

/** The refusal that tells most: one whose words name a layer. */
const mostTelling = (denials: readonly Denial[]): Denial | undefined =>
  denials.find(({ layer }) => layer !== null) ?? denials[0];

interface Refusals {
  readonly denials: readonly Denial[];
  /** The call that was refused, where its record has come. */
  readonly call: AcquiringCall | null;
}

/** Every refusal that joined the case's own. Where the ledger cannot be read, its own alone. */
const refusalsOf = (flow: Flow, tools: Tools, { joinKey, denial }: SignalRequest): Promise<Refusals> =>
  flow
    .step('gather the refusals', async () => {
      const join = await tools.ledger.join(joinKey);
      return { denials: join.denials.length === 0 ? [denial] : join.denials, call: join.call };
    })
    .catch(() => ({ denials: [denial], call: null }));

/**
 * AWS does not name a source key to a caller of another account. It is the key of what the call starts from, which tells it
 * to its owner.
 */
const withSourceKey = async (
  flow: Flow,
  { sessions }: Tools,
  denial: Denial,
  call: AcquiringCall | null,
  origin: Origin | null,
): Promise<Denial> => {
  if (denial.keyArn !== null || !isOfSourceKey(denial) || origin === null) return denial;
  const { accountId, region } = origin;
  const from = { snapshotId: call?.source.snapshotId ?? origin.snapshotId, volumeId: origin.volumeId };
  const keyArn = await flow
    .step('find the source key', async (custody) => findSourceKey(await sessions.at(accountId, region), custody, from))
    .catch(() => null);
  return { ...denial, keyArn };
};

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

/** Keeps the facts beside the report, in the form in which `explain` reads them: a person can ask again, without AWS. */
const keepFacts = async (
  flow: Flow,
  { settings, sessions, bucket }: Tools,
  caseId: string,
  asked: AskedOf,
  record: FactsRecord,
): Promise<readonly StoredFile[]> =>
  flow
    .step('keep the facts', async (custody) => {
      const document = { path: 'facts.json', body: `${JSON.stringify(factsFileOf(asked, record), null, 2)}\n` };
      const own = await sessions.at(settings.ACCOUNT_ID, settings.AWS_REGION);
      await bucket.put(custody, own, `cases/${caseId}/${document.path}`, document.body, 'application/json');
      return [storedDocument(document)];
    })
    .catch(() => []);

/** A fault in the diagnosis costs the diagnosis, and never the report. */
const diagnosed = (denial: Denial | null, question: Question | null, record: FactsRecord): Diagnosis => {
  try {
    return diagnose(denial, question, record);
  } catch (error) {
    return {
      decision: 'undetermined',
      cause: 'undetermined',
      layer: denial?.layer ?? null,
      explicit: denial?.explicit ?? false,
      statement: null,
      explanation: `The refusal could not be diagnosed: ${error instanceof Error ? error.name : 'unknown'}.`,
      missing: ['a diagnosis: the facts are kept, and `explain` can be asked again'],
      fixes: [],
      trace: [],
    };
  }
};

/** Why KMS would refuse what nobody has tried yet: the facts alone, read again where the case can keep them. */
const foresee = async (
  flow: Flow,
  tools: Tools,
  { asked: [asked, ...besides], origin }: FindingRequest,
  caseId: string | null,
): Promise<Explained> => {
  const question = asked === undefined ? null : questionOfAsked(asked, besides);
  if (asked === undefined || question === null) return { diagnosis: null, denials: [], at: null, stored: [] };
  const { action, roleArn, context } = asked;
  const keyArn = KeyArn.safeParse(asked.keyArn).data ?? null;
  const request = { principal: roleArn, action, resource: resourceOf(asked), context };
  const subject = { keyArn, region: origin.region, accountId: origin.accountId, vpcEndpointId: null };
  const record = await gatherFacts(flow, tools, subject, question);
  const [stored, at] = await Promise.all([
    caseId === null ? [] : keepFacts(flow, tools, caseId, { request }, record),
    flow.step('explained', async () => new Date().toISOString()),
  ]);
  return { diagnosis: diagnosed(null, question, record), denials: [], at, stored };
};

/**
 * Why KMS refused: AWS's words beside the facts. It never fails: what cannot be read is missing.
 * @param caseId `null` for a dry run, which keeps nothing
 */
export const explain = async (
  flow: Flow,
  tools: Tools,
  request: CaseRequest,
  origin: Origin | null,
  caseId: string | null,
): Promise<Explained> => {
  if ('finding' in request) return foresee(flow, tools, request, caseId);
  if (!('joinKey' in request)) return { diagnosis: null, denials: [], at: null, stored: [] };
  const { denials, call } = await refusalsOf(flow, tools, request);
  const denial = await withSourceKey(flow, tools, mostTelling(denials) ?? request.denial, call, origin);
  const record = await gatherFacts(flow, tools, denial, questionOf(denial));
  const [stored, at] = await Promise.all([
    caseId === null ? [] : keepFacts(flow, tools, caseId, { denial }, record),
    flow.step('explained', async () => new Date().toISOString()),
  ]);
  return { diagnosis: diagnosed(denial, questionOf(denial), record), denials, at, stored };
};
