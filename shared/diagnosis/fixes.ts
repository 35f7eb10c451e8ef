import type { Layer } from '#shared/policy/layer';
import type { Denial } from '#shared/signal/signal';
import { agreementOf, type Beside } from './agreement.ts';
import type { Fix } from './diagnosis.ts';
import { layerInWords } from './explanation.ts';
import { exceptionFrom, type Mended, mend } from './mends.ts';
import { proposeFixes } from './propose.ts';
import type { Simulation } from './simulation.ts';

/** What is to be done about the layer that AWS names, where the facts do not show it. */
const namedByAws = (
  { explicit, policyArn }: Denial,
  layer: Layer,
  agreement: Beside['agreement'],
  { request, facts }: Simulation,
): Mended => {
  if (explicit) return { proposals: [exceptionFrom(layer, policyArn, null, request)], after: null };
  return agreement === 'unknown' ? mend(layer, [request], facts) : { proposals: [], after: null };
};

/**
 * What would let the request pass.
 *
 * INVARIANT: against AWS's word nothing is verified. What it names comes first, and the rest with that said.
 */
export const fixesOf = (denial: Denial | null, simulation: Simulation): readonly Fix[] => {
  const fixes = proposeFixes(simulation.requests, simulation.facts);
  if (denial === null || denial.layer === null) return fixes;
  const { layer } = denial;
  const { agreement } = agreementOf(denial, layer, simulation);
  if (agreement === 'agrees') return fixes;
  const told = `AWS names ${layerInWords(layer)}, which these facts do not show: nothing here is verified.`;
  const { proposals, after } = namedByAws(denial, layer, agreement, simulation);
  const rest = after === null ? fixes : proposeFixes(simulation.requests, after);
  return [...proposals, ...rest].map((fix) => ({ ...fix, verified: false, note: `${fix.note} ${told}` }));
};
