import type { KeyState } from '#shared/policy/key-state';
import type { Layer } from '#shared/policy/layer';
import type { Cause } from './diagnosis.ts';

/** A layer that has policies, and so can be silent or deny. */
export type PolicyLayer = Exclude<Layer, 'key-state' | 'grant'>;

export const isPolicyLayer = (layer: Layer | null): layer is PolicyLayer =>
  layer !== null && layer !== 'key-state' && layer !== 'grant';

/** What each layer's silence and denial mean, for the person who has to mend it. */
const LAYER_CAUSES: Readonly<Record<PolicyLayer, { readonly silent: string; readonly deny: string }>> = {
  'key-policy': {
    silent: 'the key policy neither allows the role nor leaves the decision to IAM, and no grant does',
    deny: 'a statement of the key policy denies it',
  },
  'identity-policy': {
    silent: 'no IAM policy of the role allows it, and the key policy alone does not',
    deny: 'an IAM policy of the role denies it',
  },
  'permissions-boundary': {
    silent: "the role's permissions boundary does not allow it, whatever the other policies say",
    deny: "the role's permissions boundary denies it",
  },
  'session-policy': {
    silent: 'the session policy with which the role was assumed does not allow it',
    deny: 'the session policy with which the role was assumed denies it',
  },
  'service-control-policy': {
    silent: 'the service control policies of the organisation do not allow it',
    deny: 'a service control policy of the organisation denies it',
  },
  'resource-control-policy': {
    silent: 'the resource control policies of the organisation do not allow it',
    deny: 'a resource control policy of the organisation denies it',
  },
  'vpc-endpoint-policy': {
    silent: 'the policy of the VPC endpoint does not allow it',
    deny: 'the policy of the VPC endpoint denies it',
  },
};

interface StateCause {
  readonly cause: Cause;
  readonly words: string;
  /** What a person does about it; `null` where time does. */
  readonly remedy: ((keyArn: string) => string) | null;
}

const kms = (command: string, keyArn: string): string =>
  `\`aws kms ${command} --key-id ${keyArn} --region ${keyArn.split(':')[3]}\``;

const restored = (keyArn: string): string => `${kms('cancel-key-deletion', keyArn)}, then ${kms('enable-key', keyArn)}`;

/** States in which KMS refuses whatever the policies say. https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html */
export const STATE_CAUSES: Readonly<Partial<Record<KeyState, StateCause>>> = {
  Disabled: {
    cause: 'key-disabled',
    words: 'the key is disabled; it can be enabled again',
    remedy: (keyArn) => kms('enable-key', keyArn),
  },
  PendingDeletion: {
    cause: 'key-pending-deletion',
    words: 'the key waits for its deletion; cancel that, then enable the key',
    remedy: restored,
  },
  PendingReplicaDeletion: {
    cause: 'key-pending-deletion',
    words: 'the key waits for its deletion; cancel that, then enable the key',
    remedy: restored,
  },
  PendingImport: {
    cause: 'key-pending-import',
    words: 'the key has no key material; import it again',
    remedy: (keyArn) => `${kms('get-parameters-for-import', keyArn)}, and import its material again`,
  },
  Unavailable: {
    cause: 'key-unavailable',
    words: "the key's key store cannot be reached; connect it, then try again",
    remedy: () => 'connect the custom key store of the key',
  },
  Creating: { cause: 'key-unavailable', words: 'the key is still being made; try again', remedy: null },
  Updating: { cause: 'key-unavailable', words: 'the key is being updated; try again', remedy: null },
  NotFound: {
    cause: 'key-not-found',
    words: 'there is no such key in this Region and account, or its alias points to none',
    remedy: null,
  },
};

/** What a refusal's words say of a key's state, for a key that cannot be described. */
const STATES_IN_WORDS: readonly (readonly [RegExp, KeyState])[] = [
  [/is disabled/, 'Disabled'],
  [/is pending deletion/, 'PendingDeletion'],
  [/is pending import/, 'PendingImport'],
  [/is unavailable/, 'Unavailable'],
  [/does not exist|is not found|is invalid/, 'NotFound'],
];

export const stateInWords = (message: string): KeyState | null =>
  STATES_IN_WORDS.find(([says]) => says.test(message))?.[1] ?? null;

/** The cause that a layer's refusal is. The role that is linked to KMS has one of its own: it is missing once, and then never. */
export const causeOf = (layer: PolicyLayer, explicit: boolean, action: string | null): Cause => {
  if (action === 'iam:CreateServiceLinkedRole') return 'service-linked-role-not-allowed';
  if (explicit) return `${layer}-deny`;
  return layer === 'resource-control-policy' ? 'undetermined' : `${layer}-silent`;
};

const LINKED_ROLE_SILENT =
  'no IAM policy of the role allows it, which the first multi-Region key of an account needs once';

/** What the refusal of a layer means. */
export const wordsOf = (layer: PolicyLayer, explicit: boolean, action: string | null): string =>
  action === 'iam:CreateServiceLinkedRole' && layer === 'identity-policy' && !explicit
    ? LINKED_ROLE_SILENT
    : LAYER_CAUSES[layer][explicit ? 'deny' : 'silent'];
