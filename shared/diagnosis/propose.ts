import { authorize, type Decision } from '#shared/policy/authorize';
import type { Facts } from '#shared/policy/facts';
import type { Request } from '#shared/policy/request';
import type { Fix } from './diagnosis.ts';
import { askForException, type Mended, mend, type Proposal } from './mends.ts';

/** The smallest changes with which an acquisition would be allowed, each tried on a copy of the facts. */

interface Answer {
  readonly request: Request;
  readonly decision: Decision;
}

/** More often than there are layers, and levels of an organisation, nothing can refuse anew. */
const MAX_ROUNDS = 16;

const refused = ({ decision }: Answer): boolean => decision.decision === 'denied';

/** The next change, for the first refusal and whatever its layer is silent on besides; `null` where nothing refuses. */
const nextMend = (answers: readonly Answer[], facts: Facts): (Mended & { readonly exception: boolean }) | null => {
  const first = answers.find(refused);
  if (first === undefined) return null;
  const { layer, explicit } = first.decision;
  if (layer === null) return { proposals: [], after: null, exception: false };
  if (explicit) return { ...askForException(layer, first.decision, first.request, facts), exception: true };
  const alike = answers.filter(
    (answer) => answer !== first && refused(answer) && answer.decision.layer === layer && !answer.decision.explicit,
  );
  return { ...mend(layer, [first.request, ...alike.map(({ request }) => request)], facts), exception: false };
};

const inWords = ({ request, decision }: Answer): string =>
  decision.decision === 'denied'
    ? `Re-simulated: ${request.action} is refused next${decision.layer === null ? '' : `, by the ${decision.layer.replaceAll('-', ' ')}`}.`
    : `Re-simulated: whether ${request.action} is then allowed cannot be told without ${decision.missing.join('; ')}.`;

/** What the whole acquisition comes to with all that is proposed. */
const verdictOf = (
  answers: readonly Answer[],
  exception: boolean,
): { readonly verified: boolean; readonly words: string } => {
  const left = answers.find(({ decision }) => decision.decision !== 'allowed');
  if (left !== undefined) return { verified: false, words: inWords(left) };
  return exception
    ? { verified: false, words: 'Re-simulated: without that deny the whole acquisition would be allowed.' }
    : { verified: true, words: 'Re-simulated: with all that is listed here the whole acquisition is allowed.' };
};

/**
 * The changes with which every request would be allowed, in their order. Each grants what was missing and no more: the
 * actions that its layer was silent on, to the one principal, on the one key, through the one service.
 */
export const proposeFixes = (requests: readonly Request[], facts: Facts): readonly Fix[] => {
  const ask = (given: Facts): readonly Answer[] =>
    requests.map((request) => ({ request, decision: authorize(request, given) }));
  const proposals: Proposal[] = [];
  let exception = false;
  let now = facts;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const step = nextMend(ask(now), now);
    if (step === null) break;
    proposals.push(...step.proposals);
    exception ||= step.exception;
    if (step.after === null || step.proposals.length === 0) {
      return proposals.map((proposal) => ({ ...proposal, verified: false }));
    }
    now = step.after;
  }
  const { verified, words } = verdictOf(ask(now), exception);
  return proposals.map((proposal) => ({ ...proposal, verified, note: `${proposal.note} ${words}` }));
};
