import type { RouteName } from '#shared/case/case';
import type { Flow } from '#shared/case/flow';
import type { Tools } from '#shared/case/tools';

/** Whose case it is, and what it holds. */
interface Holder {
  readonly caseId: string;
  readonly claimed: string;
}

/**
 * What is about to be made stands in the case's record before it is made: an orphan can be tied to its case, and the case
 * to what it holds.
 */
export const recordIntent = (
  flow: Flow,
  { claims }: Tools,
  { caseId, claimed }: Holder,
  route: RouteName,
  intent: Readonly<Record<string, unknown>>,
): Promise<void> =>
  flow.step('record what will be made', () => claims.record(caseId, { target: claimed, [`intent:${route}`]: intent }));
