import { STATE_CAUSES } from '#shared/diagnosis/causes';
import { diagnose } from '#shared/diagnosis/diagnose';
import type { Cause, Diagnosis, Fix } from '#shared/diagnosis/diagnosis';
import type { FactsRecord } from '#shared/diagnosis/facts-record';
import { simulate } from '#shared/diagnosis/simulation';
import type { Decision } from '#shared/policy/authorize';
import { KEY_STATES } from '#shared/policy/key-state';
import { type Asked, identityOf, questionOf } from './asked.ts';
import { type StepName, WAYS, type Way } from './ways.ts';

export type Verdict =
  /** Every step would pass. */
  | 'ready'
  /** At least one step would certainly be refused. */
  | 'refused'
  /** No step would certainly be refused, and of at least one it cannot be told. */
  | 'undetermined';

/** Why a role is refused a key, and what would let it pass. */
export interface Refusal {
  readonly asked: Asked;
  /** All that the same role asks of the same key, this too. */
  readonly besides: readonly Asked[];
  readonly cause: Cause | null;
  readonly explanation: string;
  readonly fixes: readonly Fix[];
}

/** What an acquisition over one way would come to. */
export interface Outlook {
  readonly way: Way;
  readonly verdict: Verdict;
  readonly steps: readonly { readonly step: StepName; readonly verdict: Verdict }[];
  /** One for each role and key, the first that is met first. */
  readonly refusals: readonly Refusal[];
  /** What would have to be known. */
  readonly missing: readonly string[];
}

export type RecordOf = (asked: Asked) => FactsRecord;

export interface Answered {
  readonly asked: Asked;
  readonly decision: Pick<Decision, 'decision' | 'layer' | 'explicit' | 'missing'>;
}

const NOBODY: Answered['decision'] = {
  decision: 'undetermined',
  layer: null,
  explicit: false,
  missing: ['a role whose policies can be read'],
};

/**
 * A state in which EBS cannot use the key by the grant that it was given, whatever the caller was allowed: a copy needs
 * the key again after its grant. https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
 */
const unusable = ({ key: { state } }: FactsRecord) => {
  const named = KEY_STATES.find((name) => state.known && name === state.value);
  return named === undefined ? undefined : STATE_CAUSES[named];
};

const BY_STATE: Answered['decision'] = { decision: 'denied', layer: 'key-state', explicit: false, missing: [] };

const decisionOn = (asked: Asked, record: FactsRecord): Answered['decision'] => {
  const question = questionOf(asked);
  const decision = (question === null ? null : simulate(question, record)?.decision) ?? NOBODY;
  const usable = asked.keyArn === null || decision.decision === 'denied' || unusable(record) === undefined;
  return usable ? decision : BY_STATE;
};

/** Answers each distinct question once, however many volumes ask it. */
export const answering = () => {
  const known = new Map<string, Answered['decision']>();
  return {
    /** How many distinct questions were put to the facts. */
    distinct: () => known.size,
    answer: (asked: Asked, recordOf: RecordOf): Answered => {
      const identity = identityOf(asked);
      const before = known.get(identity);
      if (before !== undefined) return { asked, decision: before };
      const decision = decisionOn(asked, recordOf(asked));
      known.set(identity, decision);
      return { asked, decision };
    },
  };
};
export type Answering = ReturnType<typeof answering>;

const VERDICTS = { allowed: 'ready', denied: 'refused', undetermined: 'undetermined' } as const satisfies Record<
  Decision['decision'],
  Verdict
>;

/** INVARIANT: the worst decides, and what is not known is never ready. */
export const worstOf = (verdicts: readonly Verdict[]): Verdict => {
  if (verdicts.includes('refused')) return 'refused';
  return verdicts.includes('undetermined') ? 'undetermined' : 'ready';
};

const MOST_MISSING = 20;

const distinct = (texts: readonly string[]): readonly string[] => [...new Set(texts)].slice(0, MOST_MISSING);

const sameRoleAndKey = (left: Asked, right: Asked): boolean =>
  left.roleArn === right.roleArn && left.keyArn === right.keyArn && left.resource === right.resource;

/** A key that its state alone shuts, with nothing that a policy refuses. */
type Told = Pick<Refusal, 'cause' | 'explanation' | 'fixes'>;

const shutByState = (asked: Asked, record: FactsRecord, told: Diagnosis): Told => {
  const state = unusable(record);
  if (told.decision === 'denied' || state === undefined || asked.keyArn === null) return told;
  const target = asked.keyArn;
  const remedy = state.remedy?.(target) ?? state.words;
  return {
    cause: state.cause,
    explanation: `EBS cannot use ${target}: ${state.words}.`,
    fixes: [{ layer: 'key-state', target, statement: null, verified: false, note: `No statement helps: ${remedy}.` }],
  };
};

const diagnosed = (asked: Asked, besides: readonly Asked[], recordOf: RecordOf): Told => {
  const record = recordOf(asked);
  return shutByState(asked, record, diagnose(null, questionOf(asked, besides), record));
};

/** A default key is the cause where the way round it is shut: nobody can share what is under it. */
const HANDING_OVER: ReadonlySet<StepName> = new Set(['temporary-key', 're-encrypt']);

/** A cause that lies with nobody's key, and is mended elsewhere. */
const NAMED_ITSELF = /^(?:service-linked-role-not-allowed|vpc-endpoint-policy-.*)$/;

const roundDefaultKey = (asked: Asked, told: Refusal): Refusal =>
  HANDING_OVER.has(asked.step) && told.cause !== null && !NAMED_ITSELF.test(told.cause)
    ? {
        ...told,
        cause: 'default-key-not-shareable',
        explanation: `A snapshot under the AWS managed key aws/ebs cannot be shared, and the way round it, a copy under a temporary key, is shut: ${told.explanation}`,
      }
    : told;

const refusalsIn = (answers: readonly Answered[], recordOf: RecordOf): readonly Refusal[] => {
  const denied = answers.filter(({ decision }) => decision.decision === 'denied');
  const firsts = denied.filter(
    ({ asked }, at) => denied.findIndex((other) => sameRoleAndKey(asked, other.asked)) === at,
  );
  const all = answers.map(({ asked }) => asked);
  return firsts.map(({ asked }) => {
    const besides = all.filter((other) => sameRoleAndKey(asked, other));
    const { cause, explanation, fixes } = diagnosed(asked, besides, recordOf);
    return roundDefaultKey(asked, { asked, besides, cause, explanation, fixes });
  });
};

/**
 * What an acquisition would come to.
 * @param missing what is not known of the way itself: then no step of it is ready
 */
export const outlookOf = (
  way: Way,
  asked: readonly Asked[],
  missing: readonly string[],
  { answer }: Answering,
  recordOf: RecordOf,
): Outlook => {
  const answers = asked.map((one) => answer(one, recordOf));
  const atBest: readonly Verdict[] = missing.length > 0 ? ['undetermined'] : [];
  const steps = WAYS[way].map(({ name }) => ({
    step: name,
    verdict: worstOf([
      ...atBest,
      ...answers.filter((one) => one.asked.step === name).map(({ decision }) => VERDICTS[decision.decision]),
    ]),
  }));
  const open = answers.flatMap(({ decision }) => (decision.decision === 'undetermined' ? decision.missing : []));
  return {
    way,
    verdict: worstOf(steps.map(({ verdict }) => verdict)),
    steps,
    refusals: refusalsIn(answers, recordOf),
    missing: distinct([...missing, ...open]),
  };
};

/**
 * What an acquisition would come to of which the way is not known: refused where every way is, and nothing else is certain.
 * @param because what would tell the way
 */
export const whicheverOf = (outlooks: readonly [Outlook, ...Outlook[]], because: string): Outlook => {
  const [first] = outlooks;
  const missing = distinct([because, ...outlooks.flatMap((outlook) => outlook.missing)]);
  if (outlooks.every(({ verdict }) => verdict === 'refused')) {
    // What a key's state shuts, it shuts on every way alike.
    if (first.refusals.some(({ fixes }) => fixes.some(({ layer }) => layer === 'key-state')))
      return { ...first, missing };
    const told = outlooks.flatMap(({ refusals }) => refusals);
    const refusals = [...new Map(told.map((refusal) => [identityOf(refusal.asked), refusal])).values()];
    return { ...first, refusals, missing };
  }
  const steps = first.steps.map(({ step }) => ({ step, verdict: 'undetermined' as const }));
  return { ...first, verdict: 'undetermined', steps, refusals: [], missing };
};
