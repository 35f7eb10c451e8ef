import type { Layer } from '#shared/policy/layer';
import type { Saying } from '#shared/policy/trace';
import type { Denial } from '#shared/signal/signal';
import type { Simulation } from './simulation.ts';

/** What the facts say of the layer that AWS names. */
export interface Beside {
  /** Whether it is what AWS said; `unknown` where the layer could not be read. */
  readonly agreement: 'agrees' | 'differs' | 'unknown';
  readonly saying: Saying | undefined;
}

export const agreementOf = ({ explicit }: Denial, layer: Layer, simulation: Simulation | null): Beside => {
  const saying = simulation?.decision.trace.find((said) => said.layer === layer);
  if (saying === undefined || saying.said === 'unknown') return { agreement: 'unknown', saying };
  return { agreement: saying.said === (explicit ? 'denies' : 'silent') ? 'agrees' : 'differs', saying };
};
