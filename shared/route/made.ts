import type { Flow } from '#shared/case/flow';
import type { Tools } from '#shared/case/tools';
import { makingIn, type Place } from '#shared/ledger/made';

/**
 * Keeps that Unlatch made a thing: a sweep removes nothing else. A record that cannot be kept costs no evidence: the sweep
 * then tells a person of the thing, and does not remove it.
 */
export const recordMade = async <Id extends string>(
  flow: Flow,
  { made }: Pick<Tools, 'made'>,
  id: Id,
  tags: Readonly<Record<string, string>>,
  place: () => Promise<Place>,
): Promise<Id> => {
  await flow
    .step(`record that ${id} was made`, async () => made.keep(id, makingIn(tags), await place()))
    .catch(() => undefined);
  return id;
};
