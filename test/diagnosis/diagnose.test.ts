import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diagnose as diagnoseWith } from '#shared/diagnosis/diagnose';
import type { FactsRecord } from '#shared/diagnosis/facts-record';
import { type Known, known, unknown } from '#shared/policy/known';
import { readDenialMessage } from '#shared/signal/denial-message';
import { Denial } from '#shared/signal/signal';

const KEY = 'arn:aws:kms:eu-west-3:444455556666:key/1f2e3d4c-5b6a-4978-8f90-a1b2c3d4e5f6';
const SESSION = 'arn:aws:sts::111122223333:assumed-role/myCadoResponseRole/acquire-web-1';
const BASE = `User: ${SESSION} is not authorized to perform: kms:CreateGrant`;
const OPAQUE = `${BASE} on this resource because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access`;
const LEGACY =
  'The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.';

/** A denial as it comes from its words. */
const denialOf = (message: string, rest: object = {}) =>
  Denial.parse({
    action: 'kms:CreateGrant',
    keyArn: null,
    layer: null,
    explicit: false,
    policyArn: null,
    roleName: 'myCadoResponseRole',
    sessionName: 'acquire-web-1',
    via: 'ec2-frontend-api.amazonaws.com',
    requestId: 'r',
    roleArn: null,
    vpcEndpointId: null,
    inCall: true,
    accountId: '111122223333',
    region: 'eu-west-3',
    time: null,
    message,
    ...readDenialMessage(message),
    principal: SESSION,
    ...rest,
  });

const nothing = unknown('not read');

/** Facts of which the key's state alone is known, or not even that. */
const knowing = (state: Known<string>): FactsRecord => ({
  key: { state, manager: nothing, policy: nothing, grants: nothing, aliases: nothing },
  principal: {
    arn: null,
    uniqueId: null,
    identityPolicies: nothing,
    permissionsBoundary: nothing,
    sessionPolicies: nothing,
  },
  organization: { serviceControlPolicies: nothing, resourceControlPolicies: nothing },
  vpcEndpointPolicy: nothing,
});
const keyIn = (state: string): FactsRecord => knowing(known(state));
const healthy = keyIn('Enabled');
const refused = knowing(unknown('kms:DescribeKey was refused to Unlatch too'));

/** What the words tell, without policies. */
const diagnose = (denial: Denial, record: FactsRecord) => diagnoseWith(denial, null, record);

const silent = (words: string) => `${BASE} on resource: ${KEY} because no ${words} allows the kms:CreateGrant action`;
const deny = (words: string) => `${BASE} on resource: ${KEY} with an explicit deny in ${words}`;

describe('a layer that AWS names', () => {
  it.each([
    { layer: 'key-policy', words: 'resource-based policy' },
    { layer: 'identity-policy', words: 'identity-based policy' },
    { layer: 'permissions-boundary', words: 'permissions boundary' },
    { layer: 'session-policy', words: 'session policy' },
    { layer: 'service-control-policy', words: 'service control policy' },
    { layer: 'resource-control-policy', words: 'resource control policy' },
    { layer: 'vpc-endpoint-policy', words: 'VPC endpoint policy' },
  ])('$layer is the cause, whether it is silent or denies', ({ layer, words }) => {
    for (const key of [healthy, refused]) {
      const cause = diagnose(denialOf(silent(words)), key);
      expect(cause).toMatchObject({
        decision: 'denied',
        // AWS never words a silent RCP, for there is none.
        cause: layer === 'resource-control-policy' ? 'undetermined' : `${layer}-silent`,
        layer,
        explicit: false,
        missing: [],
      });
      expect(cause.explanation).toContain('A condition that does not match');
      const article = words.startsWith('identity') ? 'an' : 'a';
      const denied = diagnose(denialOf(deny(`${article} ${words}`)), key);
      expect(denied).toMatchObject({ decision: 'denied', cause: `${layer}-deny`, layer, explicit: true, missing: [] });
      expect(denied.explanation).not.toContain('A condition that does not match');
    }
  });

  it('is the cause though the key is in a bad state too, which is told besides', () => {
    const diagnosis = diagnose(denialOf(silent('session policy')), keyIn('Disabled'));
    expect(diagnosis).toMatchObject({ decision: 'denied', cause: 'session-policy-silent', layer: 'session-policy' });
    expect(diagnosis.explanation).toContain('Besides, the key is disabled');
  });

  it('is explained with who, what, which key and which policy', () => {
    const policy = 'arn:aws:iam::444455556666:policy/Boundary';
    const { explanation } = diagnose(denialOf(`${deny('a permissions boundary')}: ${policy}.`), healthy);
    for (const fact of ['kms:CreateGrant', KEY, SESSION, `AWS names the policy ${policy}.`])
      expect(explanation).toContain(fact);
  });

  it('is explained without what AWS does not name', () => {
    const { explanation } = diagnose(denialOf(LEGACY, { action: null, principal: null }), healthy);
    expect(explanation).toContain(
      'an action it does not name on a key it does not name to a principal it does not name',
    );
    expect(explanation).not.toContain('null');
  });
});

describe('the state of the key', () => {
  const states = [
    { state: 'Disabled', cause: 'key-disabled' },
    { state: 'PendingDeletion', cause: 'key-pending-deletion' },
    { state: 'PendingReplicaDeletion', cause: 'key-pending-deletion' },
    { state: 'PendingImport', cause: 'key-pending-import' },
    { state: 'Unavailable', cause: 'key-unavailable' },
    { state: 'Creating', cause: 'key-unavailable' },
    { state: 'Updating', cause: 'key-unavailable' },
    { state: 'NotFound', cause: 'key-not-found' },
  ];
  it.each(states)('$state is the cause where DescribeKey says so', ({ state, cause }) => {
    for (const message of ['Given key ID is not accessible', `${KEY} is disabled.`]) {
      const diagnosis = diagnose(denialOf(message), keyIn(state));
      expect(diagnosis).toMatchObject({ decision: 'denied', cause, layer: 'key-state', explicit: false, missing: [] });
    }
  });

  it.each([
    { message: `${KEY} is disabled.`, cause: 'key-disabled' },
    { message: `${KEY} is pending deletion.`, cause: 'key-pending-deletion' },
    { message: `${KEY} is pending import.`, cause: 'key-pending-import' },
    { message: `${KEY} is unavailable.`, cause: 'key-unavailable' },
    { message: `Key '${KEY}' does not exist`, cause: 'key-not-found' },
    { message: 'Alias arn:aws:kms:eu-west-3:444455556666:alias/evidence is not found.', cause: 'key-not-found' },
    { message: `The specified keyId ${KEY} is disabled`, cause: 'key-disabled' },
    { message: 'The specified keyId alias/evidence is invalid', cause: 'key-not-found' },
  ])('is taken from `$message` where the key cannot be described', ({ message, cause }) => {
    for (const key of [refused]) {
      expect(diagnose(denialOf(message), key)).toMatchObject({ decision: 'denied', cause, layer: 'key-state' });
    }
  });
});

describe('whether the words speak of the state that the key is in', () => {
  const disabled = `${KEY} is disabled.`;
  it.each([
    {
      name: 'of what it stops',
      message: disabled,
      action: 'kms:CreateGrant',
      state: 'Disabled',
      cause: 'key-disabled',
    },
    {
      name: 'of what another stops',
      message: disabled,
      action: 'kms:Decrypt',
      state: 'Unavailable',
      cause: 'key-unavailable',
    },
    {
      name: 'a key that is not there, by the legacy words',
      message: LEGACY,
      action: 'kms:Decrypt',
      state: 'NotFound',
      cause: 'key-not-found',
    },
    {
      name: 'a key that is not there, by an opaque refusal',
      message: OPAQUE,
      action: 'kms:CreateGrant',
      state: 'NotFound',
      cause: 'key-not-found',
    },
  ])('they may: $name', ({ message, action, state, cause }) => {
    const diagnosis = diagnose(denialOf(message, { action }), keyIn(state));
    expect(diagnosis).toMatchObject({ decision: 'denied', cause, layer: 'key-state' });
    expect(diagnosis.explanation).not.toContain('by now');
  });

  it.each([
    { name: 'a refusal of somebody', message: OPAQUE, action: 'kms:CreateGrant', state: 'Disabled' },
    { name: 'the legacy words', message: LEGACY, action: 'kms:Decrypt', state: 'PendingDeletion' },
    {
      name: 'of what no state stops',
      message: `Not authorized to use key ${KEY}`,
      action: 'kms:DescribeKey',
      state: 'Disabled',
    },
  ])('they do not: $name', ({ message, action, state }) => {
    expect(diagnose(denialOf(message, { action }), keyIn(state))).toMatchObject({
      decision: 'undetermined',
      cause: 'undetermined',
    });
  });

  it('a state that does not stop what was refused came after the one that did', () => {
    const diagnosis = diagnose(denialOf(disabled, { action: 'kms:CreateGrant' }), keyIn('Unavailable'));
    expect(diagnosis.cause).toBe('key-disabled');
    expect(diagnosis.explanation).toContain('That was then: by now the key is Unavailable.');
  });

  it('where the key could not be described the words are all there is', () => {
    const diagnosis = diagnose(denialOf(disabled, { action: 'kms:CreateGrant' }), refused);
    expect(diagnosis.cause).toBe('key-disabled');
    expect(diagnosis.explanation).not.toContain('by now');
  });
});

describe('a key whose state has changed since', () => {
  it('was the cause then, and is told as it is now', () => {
    const diagnosis = diagnose(denialOf(`${KEY} is disabled.`), healthy);
    expect(diagnosis).toMatchObject({ decision: 'denied', cause: 'key-disabled', layer: 'key-state', missing: [] });
    expect(diagnosis.explanation).toContain('by now the key is Enabled');
  });

  it('is told by its state now, where that is bad too', () => {
    const diagnosis = diagnose(denialOf(`${KEY} is disabled.`), keyIn('PendingDeletion'));
    expect(diagnosis.cause).toBe('key-pending-deletion');
    expect(diagnosis.explanation).not.toContain('by now');
  });
});

describe('the default key', () => {
  it('may not be shared, whatever is known of it', () => {
    const denial = denialOf('Encrypted snapshots with EBS default key cannot be shared');
    for (const key of [healthy, refused]) {
      expect(diagnose(denial, key)).toMatchObject({
        decision: 'denied',
        cause: 'default-key-not-shareable',
        layer: 'key-policy',
        missing: [],
      });
    }
  });
});

describe('words that leave the layer open', () => {
  const open = [
    { name: 'an opaque refusal', message: OPAQUE },
    { name: 'the legacy words', message: LEGACY },
    { name: 'a base sentence alone', message: `${BASE} on resource: ${KEY}` },
    { name: 'a role trust policy, which is no layer of KMS', message: silent('role trust policy') },
    { name: 'a copy that failed', message: 'Given key ID is not accessible' },
    { name: 'an attachment that failed', message: 'The encrypted volume was unable to access the KMS key.' },
    { name: 'no words', message: '' },
  ];
  it.each(open)('$name is undetermined, and says what is missing', ({ message }) => {
    for (const key of [healthy]) {
      const diagnosis = diagnose(denialOf(message), key);
      expect(diagnosis).toMatchObject({
        decision: 'undetermined',
        cause: 'undetermined',
        layer: null,
        explicit: false,
      });
      expect(diagnosis.missing).toEqual([expect.stringMatching(/^(?:which key it was|the policies)$/)]);
    }
  });

  it.each(open)('$name misses the state of a key that may not be described, too', ({ message }) => {
    const { cause, missing } = diagnose(denialOf(message), refused);
    expect(cause).toBe('undetermined');
    expect(missing.at(-1)).toBe('the state of the key: kms:DescribeKey was refused to Unlatch too');
  });

  const unread = 'the state of the key: kms:DescribeKey was refused to Unlatch too';
  it.each([
    { name: 'the policies alone', rest: { keyArn: KEY }, key: healthy, missing: ['the policies'] },
    { name: 'the key', rest: {}, key: healthy, missing: ['which key it was'] },
    { name: 'the principal', rest: { keyArn: KEY, principal: null }, key: healthy, missing: ['who was refused'] },
    {
      name: 'a principal that can be asked about',
      rest: { keyArn: KEY, principal: 'AROAEXAMPLEROLE000001:acquire-web-1' },
      key: healthy,
      missing: ['who was refused'],
    },
    { name: 'the state of the key', rest: { keyArn: KEY }, key: refused, missing: [unread] },
    {
      name: 'all of them',
      rest: { principal: null },
      key: refused,
      missing: ['which key it was', 'who was refused', unread],
    },
  ])('they miss $name', ({ rest, key, missing }) => {
    expect(diagnose(denialOf(OPAQUE, rest), key).missing).toEqual(missing);
  });

  it('INVARIANT: without a layer and with a key that is well or unread, nothing is determined', () => {
    const words = fc.oneof(fc.string(), fc.constantFrom(OPAQUE, LEGACY, 'is disabled', 'does not exist', 'is invalid'));
    const keys = fc.constantFrom(healthy, refused);
    fc.assert(
      fc.property(fc.array(words, { maxLength: 3 }), fc.boolean(), keys, (parts, explicit, key) => {
        const denial = denialOf(parts.join(' '), { layer: null, action: 'kms:Decrypt', explicit });
        const diagnosis = diagnose(denial, key);
        expect(diagnosis).toMatchObject({
          decision: 'undetermined',
          cause: 'undetermined',
          layer: null,
          explicit: false,
        });
        expect(diagnosis.missing.length).toBeGreaterThan(0);
      }),
    );
  });
});
