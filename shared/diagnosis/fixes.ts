import type { Layer } from '#shared/policy/layer';
import type { Denial } from '#shared/signal/signal';
import { agreementOf, type Beside } from './agreement.ts';
import type { Fix } from './diagnosis.ts';
import { layerInWords } from './explanation.ts';
import { exceptionFrom, mend, type Proposal } from './mends.ts';
import { proposeFixes } from './propose.ts';
import type { Simulation } from './simulation.ts';

/** What is to be done about the layer that AWS names, where the facts do not show it. */
const namedByAws = (
  { explicit, policyArn }: Denial,
  layer: Layer,
  agreement: Beside['agreement'],
  { request, facts }: Simulation,
): readonly Proposal[] => {
  if (explicit) return [exceptionFrom(layer, policyArn, null, request)];
  return agreement === 'unknown' ? mend(layer, [request], facts).proposals : [];
};

/**
 * What would let the request pass.
 *
 * INVARIANT: against AWS's word nothing is verified. What it names comes first, and the rest with that said.
 * @param diagnosed the layer that the diagnosis names
 */
export const fixesOf = (denial: Denial | null, diagnosed: Layer | null, simulation: Simulation): readonly Fix[] => {
  const fixes = proposeFixes(simulation.requests, simulation.facts);
  const layer = denial?.layer === 'key-state' ? diagnosed : (denial?.layer ?? null);
  if (denial === null || layer === null) return fixes;
  const { agreement } = agreementOf(denial, layer, simulation);
  if (agreement === 'agrees') return fixes;
  const told = `AWS names ${layerInWords(layer)}, which these facts do not show: nothing here is verified.`;
  const first = namedByAws(denial, layer, agreement, simulation);
  const rest = first.length === 0 ? fixes : fixes.filter((fix) => fix.layer !== layer);
  return [...first, ...rest].map((fix) => ({ ...fix, verified: false, note: `${fix.note} ${told}` }));
};
