import type { Flow } from '#shared/case/flow';
import type { Tools } from '#shared/case/tools';
import { makingIn } from '#shared/ledger/made';

/**
 * Keeps that Unlatch made a thing: a sweep removes nothing else. A record that cannot be kept costs no evidence: the sweep
 * then tells a person of the thing, and does not remove it.
 */
export const recordMade = async <Id extends string>(
  flow: Flow,
  { made }: Pick<Tools, 'made'>,
  id: Id,
  tags: Readonly<Record<string, string>>,
): Promise<Id> => {
  await flow.step(`record that ${id} was made`, () => made.keep(id, makingIn(tags))).catch(() => undefined);
  return id;
};
