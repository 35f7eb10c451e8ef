import { authorize, type Decision } from '#shared/policy/authorize';
import type { Facts } from '#shared/policy/facts';
import type { Request } from '#shared/policy/request';
import type { Fix } from './diagnosis.ts';
import { layerInWords, listed } from './explanation.ts';
import { askForException, type Mended, mend, type Proposal } from './mends.ts';

/** The smallest changes with which an acquisition would be allowed, each tried on a copy of the facts. */

interface Answer {
  readonly request: Request;
  readonly decision: Decision;
}

/** Enough for each layer and each level of an organisation; an end to many denies, and to a change that does not help. */
const MAX_ROUNDS = 16;

/** What is refused, by which layer: a denial always has one. */
const refusalsIn = (answers: readonly Answer[]) =>
  answers.flatMap(({ request, decision }) =>
    decision.layer === null ? [] : [{ request, decision, layer: decision.layer }],
  );

interface Step extends Mended {
  readonly isException: boolean;
}

/** The next change, for the first refusal and whatever its layer is silent on besides; `null` where nothing refuses. */
const nextStep = (answers: readonly Answer[], facts: Facts): Step | null => {
  const [first, ...others] = refusalsIn(answers);
  if (first === undefined) return null;
  const { layer, decision, request } = first;
  if (decision.explicit) return { ...askForException(layer, decision, request, facts), isException: true };
  const alike = others.filter((other) => other.layer === layer && !other.decision.explicit);
  return { ...mend(layer, [request, ...alike.map((other) => other.request)], facts), isException: false };
};

/** What a person has to know before a statement is pasted, and no policy tells. */
const caveatsOf = (proposals: readonly Proposal[], requests: readonly Request[], facts: Facts): readonly string[] => {
  const pasted = proposals.filter(({ statement }) => statement !== null);
  const isPathUnknown = requests.some(({ principal }) => principal.kind === 'role' && principal.roleArn === null);
  return [
    ...(pasted.some(({ layer }) => layer === 'key-policy') && !facts.key.manager.known
      ? ['It is not known who manages the key: the policy of a key that AWS manages cannot be edited.']
      : []),
    ...(pasted.length > 0 && isPathUnknown
      ? ["The role's path is not known: if it has one, it belongs into the role's ARN."]
      : []),
  ];
};

/** What all of it comes to with all that is proposed; what is not allowed then is told. */
const verdictOf = (answers: readonly Answer[], isException: boolean): { verified: boolean; words: string } => {
  const left = answers.find(({ decision }) => decision.decision !== 'allowed');
  const all = answers.length === 1 ? 'the request' : 'all that the acquisition asks of this key';
  if (left === undefined)
    return isException
      ? { verified: false, words: `Re-simulated: without what denies, ${all} would be allowed.` }
      : { verified: true, words: `Re-simulated: with all that is listed here, ${all} is allowed.` };
  const { request, decision } = left;
  if (decision.layer !== null) {
    const words = `Re-simulated: ${request.action} is refused next, by ${layerInWords(decision.layer)}.`;
    return { verified: false, words };
  }
  const missing = listed(decision.missing, 3).join('; ');
  return {
    verified: false,
    words: `Re-simulated: whether ${request.action} is then allowed cannot be told without ${missing}.`,
  };
};

/** The same statement under another Sid is the same change. */
const changeIn = (proposal: Proposal): string =>
  JSON.stringify({ ...proposal, statement: { ...proposal.statement, Sid: null } });

/**
 * The changes with which every request would be allowed, in their order. Each grants what was missing and no more: the
 * actions that its layer was silent on, to the one principal, on the one key, through the one service.
 */
export const proposeFixes = (requests: readonly Request[], facts: Facts): readonly Fix[] => {
  const ask = (given: Facts): readonly Answer[] =>
    requests.map((request) => ({ request, decision: authorize(request, given) }));
  const proposed = new Map<string, Proposal>();
  let isException = false;
  let now: Facts | null = facts;
  for (let round = 0; round < MAX_ROUNDS && now !== null; round += 1) {
    const step = nextStep(ask(now), now);
    if (step === null) break;
    const fresh = step.proposals.filter((proposal) => !proposed.has(changeIn(proposal)));
    for (const proposal of fresh) proposed.set(changeIn(proposal), proposal);
    isException ||= step.isException;
    now = step.after;
  }
  const proposals = [...proposed.values()];
  if (now === null) return proposals.map((proposal) => ({ ...proposal, verified: false }));
  const { verified, words } = verdictOf(ask(now), isException);
  const caveats = caveatsOf(proposals, requests, facts);
  return proposals.map((proposal) => ({
    ...proposal,
    verified: verified && caveats.length === 0,
    note: [proposal.note, words, ...caveats].join(' '),
  }));
};
