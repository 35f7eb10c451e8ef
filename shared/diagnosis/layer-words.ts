import type { Layer } from '#shared/policy/layer';
import type { Saying } from '#shared/policy/trace';

/** The name of each layer, for people. */
export const LAYER_WORDS: Readonly<Record<Layer, string>> = {
  'key-policy': 'key policy',
  grant: 'grant',
  'identity-policy': 'IAM policy of the role',
  'permissions-boundary': 'permissions boundary',
  'session-policy': 'session policy',
  'service-control-policy': 'service control policy (SCP)',
  'resource-control-policy': 'resource control policy (RCP)',
  'vpc-endpoint-policy': 'VPC endpoint policy',
  'key-state': 'state of the key',
};

/** What a layer said, for people. */
export const SAYING_WORDS: Readonly<Record<Saying['said'], string>> = {
  allows: 'allows it',
  delegates: 'leaves it to IAM',
  silent: 'does not allow it',
  denies: 'denies it',
  unknown: 'not known',
  'not-asked': 'does not apply',
};
