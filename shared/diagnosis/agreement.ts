import type { Layer } from '#shared/policy/layer';
import type { StatementRef } from '#shared/policy/policy';
import type { Saying } from '#shared/policy/trace';
import type { Denial } from '#shared/signal/signal';
import type { Simulation } from './simulation.ts';

/** What a layer said that could be read; `passed-over`: it is silent, and the request is allowed without it. */
export type Said = Exclude<Saying['said'], 'unknown'> | 'passed-over';

/** What the facts say of the layer that AWS names: whether it is what AWS said; `unknown` where it could not be read. */
export type Beside =
  | { readonly agreement: 'agrees'; readonly statement: StatementRef | null }
  | { readonly agreement: 'differs'; readonly said: Said }
  | { readonly agreement: 'unknown' };

export const agreementOf = ({ explicit }: Denial, layer: Layer, simulation: Simulation | null): Beside => {
  const saying = simulation?.decision.trace.find((one) => one.layer === layer);
  if (saying === undefined || saying.said === 'unknown') return { agreement: 'unknown' };
  const { said, statement } = saying;
  if (said !== (explicit ? 'denies' : 'silent')) return { agreement: 'differs', said };
  return simulation?.decision.decision === 'allowed'
    ? { agreement: 'differs', said: 'passed-over' }
    : { agreement: 'agrees', statement };
};
