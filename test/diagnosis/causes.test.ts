import { describe, expect, it } from 'vitest';
import { causeOf, type PolicyLayer, STATE_CAUSES, stateInWords, wordsOf } from '#shared/diagnosis/causes';

const KEY = 'arn:aws:kms:eu-west-3:111122223333:key/k';
const aws = (command: string) => `\`aws kms ${command} --key-id ${KEY} --region eu-west-3\``;

describe('what a layer means by refusing', () => {
  const words: readonly (readonly [PolicyLayer, string, string])[] = [
    [
      'key-policy',
      'the key policy neither allows the role nor leaves the decision to IAM, and no grant does',
      'a statement of the key policy denies it',
    ],
    [
      'identity-policy',
      'no IAM policy of the role allows it, and the key policy alone does not',
      'an IAM policy of the role denies it',
    ],
    [
      'permissions-boundary',
      "the role's permissions boundary does not allow it, whatever the other policies say",
      "the role's permissions boundary denies it",
    ],
    [
      'session-policy',
      'the session policy with which the role was assumed does not allow it',
      'the session policy with which the role was assumed denies it',
    ],
    [
      'service-control-policy',
      'the service control policies of the organisation do not allow it',
      'a service control policy of the organisation denies it',
    ],
    [
      'resource-control-policy',
      'the resource control policies of the organisation do not allow it',
      'a resource control policy of the organisation denies it',
    ],
    [
      'vpc-endpoint-policy',
      'the policy of the VPC endpoint does not allow it',
      'the policy of the VPC endpoint denies it',
    ],
  ];
  it.each(words)('%s', (layer, silent, deny) => {
    expect(wordsOf(layer, false, 'kms:Decrypt')).toBe(silent);
    expect(wordsOf(layer, true, 'kms:Decrypt')).toBe(deny);
    expect(causeOf(layer, false, null)).toBe(layer === 'resource-control-policy' ? 'undetermined' : `${layer}-silent`);
    expect(causeOf(layer, true, 'kms:Decrypt')).toBe(`${layer}-deny`);
  });

  it('the role that is linked to KMS has a cause of its own, and words where IAM is silent', () => {
    const action = 'iam:CreateServiceLinkedRole';
    expect(causeOf('identity-policy', false, action)).toBe('service-linked-role-not-allowed');
    expect(wordsOf('identity-policy', false, action)).toBe(
      'no IAM policy of the role allows it, which the first multi-Region key of an account needs once',
    );
    expect(wordsOf('identity-policy', true, action)).toBe('an IAM policy of the role denies it');
    expect(wordsOf('service-control-policy', false, action)).toBe(
      'the service control policies of the organisation do not allow it',
    );
  });
});

describe('what a state of the key means, and what a person does about it', () => {
  const waits = 'the key waits for its deletion; cancel that, then enable the key';
  it.each([
    ['Disabled', 'key-disabled', 'the key is disabled; it can be enabled again', aws('enable-key')],
    ['PendingDeletion', 'key-pending-deletion', waits, `${aws('cancel-key-deletion')}, then ${aws('enable-key')}`],
    [
      'PendingReplicaDeletion',
      'key-pending-deletion',
      waits,
      `${aws('cancel-key-deletion')}, then ${aws('enable-key')}`,
    ],
    [
      'PendingImport',
      'key-pending-import',
      'the key has no key material; import it again',
      `${aws('get-parameters-for-import')}, and import its material again`,
    ],
    [
      'Unavailable',
      'key-unavailable',
      "the key's key store cannot be reached; connect it, then try again",
      'connect the custom key store of the key',
    ],
    ['Creating', 'key-unavailable', 'the key is still being made; try again', null],
    ['Updating', 'key-unavailable', 'the key is being updated; try again', null],
    ['NotFound', 'key-not-found', 'there is no such key in this Region and account, or its alias points to none', null],
  ] as const)('%s', (state, cause, words, remedy) => {
    const told = STATE_CAUSES[state];
    expect({ ...told, remedy: told?.remedy?.(KEY) ?? null }).toEqual({ cause, words, remedy });
  });

  it('an enabled key stops nothing', () => {
    expect(STATE_CAUSES.Enabled).toBeUndefined();
  });

  it.each([
    ['arn:… is disabled.', 'Disabled'],
    ['arn:… is pending deletion.', 'PendingDeletion'],
    ['arn:… is pending import.', 'PendingImport'],
    ['arn:… is unavailable.', 'Unavailable'],
    ["Key 'arn:…' does not exist", 'NotFound'],
    ['Alias arn:… is not found.', 'NotFound'],
    ['The specified keyId alias/a is invalid', 'NotFound'],
    ['something else', null],
  ])('`%s` speaks of %s', (message, state) => {
    expect(stateInWords(message)).toBe(state);
  });
});
