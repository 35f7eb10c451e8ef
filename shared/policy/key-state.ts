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
const STOPPED: Readonly<Record<Exclude<KeyState, 'Enabled' | 'NotFound'>, ReadonlySet<string>>> = {
  Disabled: new Set([...CRYPTOGRAPHIC, 'CreateGrant']),
  PendingDeletion: new Set([...CRYPTOGRAPHIC, 'CreateGrant']),
  PendingReplicaDeletion: new Set([...CRYPTOGRAPHIC, 'CreateGrant']),
  PendingImport: new Set([...CRYPTOGRAPHIC, 'CreateGrant']),
  Unavailable: new Set(CRYPTOGRAPHIC),
  Creating: new Set([...CRYPTOGRAPHIC, 'CreateGrant']),
  Updating: new Set(),
};

/** Operations that no state stops. */
const UNHINDERED = ['DescribeKey', 'GetKeyPolicy', 'PutKeyPolicy', 'ListGrants', 'RetireGrant', 'RevokeGrant'];
const LISTED: ReadonlySet<string> = new Set([...CRYPTOGRAPHIC, 'CreateGrant', ...UNHINDERED]);

/** Whether a key in this state does what is asked, to whomever it is allowed; of other operations only `Enabled` is sure. */
export const stateAllows = (state: KeyState, action: string): Truth => {
  if (state === 'NotFound') return 'no';
  if (state === 'Enabled') return 'yes';
  const operation = action.slice(action.indexOf(':') + 1);
  return LISTED.has(operation) ? truthOf(!STOPPED[state].has(operation)) : 'unknown';
};
