import type { Layer } from './layer.ts';
import type { Readings } from './layers.ts';
import { STANDINGS } from './naming.ts';
import type { StatementRef } from './policy.ts';
import { NOT_ASKED, type Reading } from './reading.ts';
import type { Relation } from './relation.ts';

/** What one layer said, for whoever follows the decision. */
export interface Saying {
  readonly layer: Layer;
  /** `not-asked`: there is no such policy, or it does not bind this request. */
  readonly said: 'allows' | 'delegates' | 'silent' | 'denies' | 'unknown' | 'not-asked';
  readonly statement: StatementRef | null;
}

const sayingOf = (layer: Layer, reading: Reading): Saying => {
  if (reading === NOT_ASKED) return { layer, said: 'not-asked', statement: null };
  if (reading.denies === 'yes') return { layer, said: 'denies', statement: reading.denying };
  if (reading.denies === 'unknown') return { layer, said: 'unknown', statement: null };
  const said = { yes: 'allows', no: 'silent', unknown: 'unknown' } as const;
  return { layer, said: said[reading.allows], statement: reading.allowing };
};

const keyPolicySaying = (readings: Readings, relation: Relation): Saying => {
  const layer = 'key-policy';
  if (relation === 'no-key') return { layer, said: 'not-asked', statement: null };
  const { keyPolicy, account } = readings;
  if (keyPolicy.denies !== 'no') return sayingOf(layer, keyPolicy);
  const direct = STANDINGS.filter((standing) => standing !== 'account').map((standing) => readings[standing]);
  const sure = direct.find(({ allows }) => allows === 'yes');
  if (sure !== undefined) return sayingOf(layer, sure);
  if (account.allows === 'yes')
    return { layer, said: relation === 'same-account' ? 'delegates' : 'allows', statement: account.allowing };
  return sayingOf(layer, [...direct, account].find(({ allows }) => allows === 'unknown') ?? account);
};

const grantSaying = ({ grants }: Readings, relation: Relation): Saying => {
  const none = relation === 'no-key';
  return none ? { layer: 'grant', said: 'not-asked', statement: null } : sayingOf('grant', grants);
};

/** The way of a request through the layers. */
export const traceOf = (readings: Readings, relation: Relation): readonly Saying[] => [
  sayingOf('service-control-policy', readings.serviceControl),
  sayingOf('resource-control-policy', readings.resourceControl),
  keyPolicySaying(readings, relation),
  grantSaying(readings, relation),
  sayingOf('identity-policy', readings.identity),
  sayingOf('permissions-boundary', readings.boundary),
  sayingOf('session-policy', readings.session),
  sayingOf('vpc-endpoint-policy', readings.endpoint),
  sayingOf('key-state', readings.keyState),
];
