import { type Truth, truthOf } from './truth.ts';

/** `NotFound` is no state of AWS's: there is no such key. */
export const KEY_STATES = [
  'Enabled',
  'Disabled',
  'PendingDeletion',
  'PendingReplicaDeletion',
  'PendingImport',
  'Unavailable',
  'Creating',
  'Updating',
  'NotFound',
] as const;
export type KeyState = (typeof KEY_STATES)[number];

const CRYPTOGRAPHIC = [
  'Decrypt',
  'Encrypt',
  'GenerateDataKey',
  'GenerateDataKeyWithoutPlaintext',
  'ReEncryptFrom',
  'ReEncryptTo',
];

/**
 * The operations on the way of an acquisition that a state stops.
 * https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
 */
const STOPPED: Readonly<Record<Exclude<KeyState, 'NotFound'>, ReadonlySet<string>>> = {
  Enabled: new Set(),
  Disabled: new Set([...CRYPTOGRAPHIC, 'CreateGrant']),
  PendingDeletion: new Set([...CRYPTOGRAPHIC, 'CreateGrant']),
  PendingReplicaDeletion: new Set([...CRYPTOGRAPHIC, 'CreateGrant']),
  PendingImport: new Set([...CRYPTOGRAPHIC, 'CreateGrant']),
  Unavailable: new Set(CRYPTOGRAPHIC),
  Creating: new Set([...CRYPTOGRAPHIC, 'CreateGrant']),
  Updating: new Set(),
};

/** Whether a key in this state does what is asked, to whomever it is allowed. */
export const stateAllows = (state: KeyState, action: string): Truth => {
  if (state === 'NotFound') return 'no';
  return truthOf(!STOPPED[state].has(action.slice(action.indexOf(':') + 1)));
};
