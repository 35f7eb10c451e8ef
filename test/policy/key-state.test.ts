import { describe, expect, it } from 'vitest';
import { KEY_STATES, type KeyState, stateAllows } from '#shared/policy/key-state';

/** As the table of https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html has it. */
const CRYPTOGRAPHIC = [
  'Encrypt',
  'Decrypt',
  'GenerateDataKey',
  'GenerateDataKeyWithoutPlaintext',
  'ReEncryptFrom',
  'ReEncryptTo',
];
const MANAGEMENT = ['DescribeKey', 'GetKeyPolicy', 'PutKeyPolicy', 'ListGrants', 'RetireGrant', 'RevokeGrant'];

const WORKS: Readonly<Record<Exclude<KeyState, 'NotFound'>, { cryptographic: boolean; grants: boolean }>> = {
  Enabled: { cryptographic: true, grants: true },
  Disabled: { cryptographic: false, grants: false },
  PendingDeletion: { cryptographic: false, grants: false },
  PendingReplicaDeletion: { cryptographic: false, grants: false },
  PendingImport: { cryptographic: false, grants: false },
  Unavailable: { cryptographic: false, grants: true },
  Creating: { cryptographic: false, grants: false },
  Updating: { cryptographic: true, grants: true },
};
const rows = Object.entries(WORKS).map(([state, works]) => ({ state: state as keyof typeof WORKS, ...works }));
const answers = (state: KeyState, operations: readonly string[]) => [
  ...new Set(operations.map((operation) => stateAllows(state, `kms:${operation}`))),
];

describe('the state of a key', () => {
  it.each(rows)('$state: cryptographic operations $cryptographic, CreateGrant $grants', (row) => {
    expect(answers(row.state, CRYPTOGRAPHIC)).toEqual([row.cryptographic ? 'yes' : 'no']);
    expect(answers(row.state, ['CreateGrant'])).toEqual([row.grants ? 'yes' : 'no']);
  });

  it.each(rows)('$state lets the key be managed', ({ state }) => {
    expect(answers(state, MANAGEMENT)).toEqual(['yes']);
  });

  it('a key that is not there does nothing', () => {
    expect(answers('NotFound', [...CRYPTOGRAPHIC, 'CreateGrant', ...MANAGEMENT])).toEqual(['no']);
  });

  it('an operation that is not listed is sure of an enabled key alone', () => {
    expect(answers('Enabled', ['EnableKey'])).toEqual(['yes']);
    expect(answers('Disabled', ['EnableKey'])).toEqual(['unknown']);
    expect(answers('Updating', ['EnableKey'])).toEqual(['unknown']);
  });

  it('every state of the list is in the table', () => {
    expect(KEY_STATES).toEqual([...Object.keys(WORKS), 'NotFound']);
  });
});
