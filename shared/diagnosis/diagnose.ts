import { KEY_STATES, type KeyState, stateAllows } from '#shared/policy/key-state';
import { arnOf, principalOf } from '#shared/policy/principal';
import type { Denial } from '#shared/signal/signal';
import { agreementOf } from './agreement.ts';
import { causeOf, isPolicyLayer, type PolicyLayer, STATE_CAUSES, stateInWords, wordsOf } from './causes.ts';
import type { Diagnosis } from './diagnosis.ts';
import {
  CONDITION_CAVEAT,
  closeCalls,
  disagreement,
  listed,
  NOTHING_REFUSES,
  statementInWords,
  subjectOf,
} from './explanation.ts';
import type { FactsRecord } from './facts-record.ts';
import { fixesOf } from './fixes.ts';
import type { Question } from './question.ts';
import { type Simulation, simulate } from './simulation.ts';

type Answer = Omit<Diagnosis, 'fixes' | 'trace'>;

const answer = (parts: Pick<Answer, 'decision' | 'cause' | 'layer' | 'explanation'> & Partial<Answer>): Answer => ({
  explicit: false,
  statement: null,
  missing: [],
  ...parts,
});

const undetermined = (explanation: string, missing: readonly string[]): Answer =>
  answer({ decision: 'undetermined', cause: 'undetermined', layer: null, explanation, missing });

const DEFAULT_KEY = answer({
  decision: 'denied',
  cause: 'default-key-not-shareable',
  layer: 'key-policy',
  explanation:
    'EC2 refused to share the snapshot: a snapshot under the AWS managed key aws/ebs cannot be shared, and that key policy cannot be edited.',
});

/** `null` where the state is not known, or stops nothing. */
const meaningOf = (state: KeyState | null) => (state === null ? undefined : STATE_CAUSES[state]);

const ofState = (subject: string, state: KeyState | null, since: string): Answer | null => {
  const told = meaningOf(state);
  return told === undefined
    ? null
    : answer({
        decision: 'denied',
        cause: told.cause,
        layer: 'key-state',
        explanation: `${subject}: ${told.words}.${since}`,
      });
};

/** AWS's word, with the facts beside it. It stands; and where they do not agree, the diagnosis says so. */
const ofNamedLayer = (denial: Denial, layer: PolicyLayer, simulation: Simulation | null, besides: string): Answer => {
  const { action, explicit, policyArn } = denial;
  const beside = agreementOf(denial, layer, simulation);
  const statement = beside.agreement === 'agrees' ? beside.statement : null;
  const isRead = simulation !== null && beside.agreement !== 'unknown';
  const details = [
    statement === null ? '' : ` It is ${statementInWords(statement)}.`,
    policyArn === null ? '' : ` AWS names the policy ${policyArn}.`,
    explicit ? '' : isRead ? closeCalls(layer, simulation) : CONDITION_CAVEAT,
    beside.agreement === 'differs' ? disagreement(layer, beside.said) : '',
    besides,
  ];
  return answer({
    decision: 'denied',
    cause: causeOf(layer, explicit, action),
    layer,
    explicit,
    statement,
    explanation: `${subjectOf(denial, simulation)}: ${wordsOf(layer, explicit, action)}.${details.join('')}`,
    missing: beside.agreement === 'unknown' ? (simulation?.decision.missing ?? []) : [],
  });
};

const refusedByFacts = (subject: string, simulation: Simulation): Answer | null => {
  const { request, decision, facts } = simulation;
  const { layer, explicit, statement } = decision;
  if (isPolicyLayer(layer)) {
    const detail = statement === null ? closeCalls(layer, simulation) : ` It is ${statementInWords(statement)}.`;
    return answer({
      decision: 'denied',
      cause: causeOf(layer, explicit, request.action),
      layer,
      explicit,
      statement,
      explanation: `${subject}: ${wordsOf(layer, explicit, request.action)}.${detail}`,
    });
  }
  const { state } = facts.key;
  return ofState(subject, state.known ? state.value : null, '');
};

const allowedByFacts = ({ request, decision: { statement } }: Simulation): Answer => {
  const by = statement === null ? '' : `, by ${statementInWords(statement)}`;
  const explanation = `KMS allows ${request.action} on ${request.resource} to ${arnOf(request.principal)}${by}.`;
  return answer({ decision: 'allowed', cause: null, layer: null, statement, explanation });
};

const ofUnnamedLayer = (subject: string, missing: readonly string[]): Answer =>
  undetermined(`${subject}; its words do not tell which layer refused.`, missing);

/** The answer of the facts, where AWS's words leave the layer open or nothing was refused yet. */
const ofFacts = (denial: Denial | null, simulation: Simulation): Answer => {
  const { request, decision } = simulation;
  const subject = subjectOf(denial, simulation);
  const refused = decision.decision === 'denied' ? refusedByFacts(subject, simulation) : null;
  if (refused !== null) return refused;
  if (decision.decision === 'allowed')
    return denial === null
      ? allowedByFacts(simulation)
      : undetermined(`${subject}${NOTHING_REFUSES}`, ['what the request carried, or what has changed since']);
  if (denial !== null) return ofUnnamedLayer(subject, decision.missing);
  const { action, resource, principal } = request;
  return undetermined(
    `Whether KMS allows ${action} on ${resource} to ${arnOf(principal)} cannot be told.`,
    decision.missing,
  );
};

/** The state of the key by now. */
const stateOf = ({ key: { state } }: FactsRecord): KeyState | null =>
  KEY_STATES.find((name) => state.known && name === state.value) ?? null;

/** Words by which KMS refuses somebody: they are never said of a key's state, but that there may be no such key. */
const REFUSES_SOMEBODY = /is not authorized to perform|The ciphertext refers to a customer master key/;

/** Whether a key in this state is what the words speak of. */
const mayBeOf = ({ message, action }: Denial, state: KeyState): boolean =>
  state === 'NotFound' ||
  (!REFUSES_SOMEBODY.test(message) && (action === null || stateAllows(state, action) !== 'yes'));

const besidesOf = (state: KeyState | null): string => {
  const told = meaningOf(state);
  return told === undefined ? '' : ` Besides, ${told.words}.`;
};

/** What the refusal itself leaves out, without which nothing can be put to the facts. */
const whatIsMissing = ({ keyArn, principal }: Denial, { key: { state } }: FactsRecord): readonly string[] => {
  const missing = [
    ...(keyArn === null ? ['which key it was'] : []),
    ...(principalOf(principal ?? '') === null ? ['who was refused'] : []),
    ...(state.known ? [] : [`the state of the key: ${state.because}`]),
  ];
  return missing.length > 0 ? missing : ['the policies'];
};

/** Where the words leave the layer open: the key's state if they may speak of it, else the facts, else what is missing. */
const ofOpenWords = (denial: Denial, simulation: Simulation | null, record: FactsRecord): Answer => {
  const subject = subjectOf(denial, null);
  const state = stateOf(record);
  const now = state === null || !mayBeOf(denial, state) ? null : ofState(subject, state, '');
  if (now !== null) return now;
  const then = denial.layer === 'key-state' ? stateInWords(denial.message) : null;
  const since = record.key.state.known ? ` That was then: by now the key is ${record.key.state.value}.` : '';
  const told = ofState(subject, then, since);
  if (told !== null) return told;
  if (simulation === null) return ofUnnamedLayer(subject, whatIsMissing(denial, record));
  const facts = ofFacts(denial, simulation);
  return facts.layer === 'key-state' ? facts : { ...facts, explanation: `${facts.explanation}${besidesOf(state)}` };
};

const NOTHING_ASKED = undetermined('Nothing was asked that could be put to the facts.', [
  'an action, a key and a principal',
]);

const answerTo = (denial: Denial | null, simulation: Simulation | null, record: FactsRecord): Answer => {
  if (denial === null) return simulation === null ? NOTHING_ASKED : ofFacts(null, simulation);
  if (denial.action === 'ec2:ModifySnapshotAttribute') return DEFAULT_KEY;
  if (!isPolicyLayer(denial.layer)) return ofOpenWords(denial, simulation, record);
  return ofNamedLayer(denial, denial.layer, simulation, besidesOf(stateOf(record)));
};

/** More would help nobody, and a case keeps its diagnosis in a durable step. */
const MOST_MISSING = 20;

/**
 * Why KMS refused, or would: AWS's words and the facts, side by side. A layer that AWS names is the cause, for it knows
 * the whole request; where its words leave the layer open, the facts decide.
 *
 * INVARIANT: neither is taken for more than it says. What is not known stays `undetermined`, or stands in `missing`.
 * @param denial `null` to ask what KMS would do
 * @param question `null` where the denial names nobody, or no key
 */
export const diagnose = (denial: Denial | null, question: Question | null, record: FactsRecord): Diagnosis => {
  const simulation = question === null ? null : simulate(question, record);
  const told = answerTo(denial, simulation, record);
  const { decision, cause, layer, explicit, statement, explanation, missing } = told;
  return {
    decision,
    cause,
    layer,
    explicit,
    statement,
    explanation,
    missing: listed(missing, MOST_MISSING),
    fixes: simulation === null || decision === 'allowed' ? [] : fixesOf(denial, simulation),
    trace: simulation?.decision.trace ?? [],
  };
};
