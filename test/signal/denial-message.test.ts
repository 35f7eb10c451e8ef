import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readDenialMessage } from '#shared/signal/denial-message';
import { Layer } from '#shared/signal/signal';

const PRINCIPAL = 'arn:aws:sts::111122223333:assumed-role/myCadoResponseRole/acquire-web-1';
const KEY = 'arn:aws:kms:eu-west-3:444455556666:key/1f2e3d4c-5b6a-4978-8f90-a1b2c3d4e5f6';
const MULTI_REGION_KEY = 'arn:aws-us-gov:kms:us-gov-west-1:444455556666:key/mrk-0123456789abcdef0123456789abcdef';
const ALIAS = 'arn:aws:kms:eu-west-3:444455556666:alias/evidence';
const SCP = 'arn:aws:organizations::777788889999:policy/o-a1b2c3d4e5/service_control_policy/p-f6a7b8c9';
const LINK = 'Go to https://console.aws.amazon.com/iam/home#/authorization-details/EXAMPLE for details.';

const base = `User: ${PRINCIPAL} is not authorized to perform: kms:CreateGrant on resource: ${KEY}`;
const told = { principal: PRINCIPAL, action: 'kms:CreateGrant', keyArn: KEY, explicit: false, policyArn: null };
const untold = { principal: null, action: null, keyArn: null, layer: null, explicit: false, policyArn: null };

describe('a layer that is silent', () => {
  it.each([
    { words: 'identity-based policy', layer: 'identity-policy' },
    { words: 'resource-based policy', layer: 'key-policy' },
    { words: 'permissions boundary', layer: 'permissions-boundary' },
    { words: 'session policy', layer: 'session-policy' },
    { words: 'service control policy', layer: 'service-control-policy' },
    { words: 'resource control policy', layer: 'resource-control-policy' },
    { words: 'VPC endpoint policy', layer: 'vpc-endpoint-policy' },
    { words: 'role trust policy', layer: null },
  ])('`no $words allows` is $layer', ({ words, layer }) => {
    const message = `${base} because no ${words} allows the kms:CreateGrant action`;
    expect(readDenialMessage(message)).toEqual({ ...told, layer });
  });

  it.each([
    { words: 'identity-based policies', layer: 'identity-policy' },
    { words: 'resource-based policies', layer: 'key-policy' },
    { words: 'session policies', layer: 'session-policy' },
    { words: 'service control policies', layer: 'service-control-policy' },
    { words: 'VPC endpoint policies', layer: 'vpc-endpoint-policy' },
  ])('`no $words allow` is $layer', ({ words, layer }) => {
    const message = `${base} because no ${words} allow the kms:CreateGrant action`;
    expect(readDenialMessage(message)).toEqual({ ...told, layer });
  });
});

describe('a layer that denies', () => {
  it.each([
    { words: 'an identity-based policy', layer: 'identity-policy' },
    { words: 'a resource-based policy', layer: 'key-policy' },
    { words: 'a permissions boundary', layer: 'permissions-boundary' },
    { words: 'a session policy', layer: 'session-policy' },
    { words: 'a sessions policy', layer: 'session-policy' },
    { words: 'a service control policy', layer: 'service-control-policy' },
    { words: 'a resource control policy', layer: 'resource-control-policy' },
    { words: 'a VPC endpoint policy', layer: 'vpc-endpoint-policy' },
    {
      words: 'a VPC endpoint policy transitively through a service control policy',
      layer: 'vpc-endpoint-policy',
    },
    { words: 'the role trust policy', layer: null },
    { words: 'service control policies', layer: 'service-control-policy' },
  ])('`deny in $words` is $layer', ({ words, layer }) => {
    expect(readDenialMessage(`${base} with an explicit deny in ${words}`)).toEqual({ ...told, layer, explicit: true });
  });
});

describe("the denying policy's ARN", () => {
  const deny = `${base} with an explicit deny in a service control policy`;
  it.each([
    { name: 'is read at the end of the text', message: `${deny}: ${SCP}`, policyArn: SCP },
    { name: 'loses the full stop of the sentence', message: `${deny}: ${SCP}.`, policyArn: SCP },
    { name: 'is told from the link behind it', message: `${deny}: ${SCP}.\n${LINK}`, policyArn: SCP },
    { name: 'is told from a link without a full stop', message: `${deny}: ${SCP}\n${LINK}`, policyArn: SCP },
    { name: 'is null where AWS names none', message: `${deny}.\n${LINK}`, policyArn: null },
    {
      name: 'is read behind a transitive denial',
      message: `${base} with an explicit deny in a VPC endpoint policy transitively through a service control policy: ${SCP}.\n${LINK}`,
      policyArn: SCP,
      layer: 'vpc-endpoint-policy',
    },
    {
      name: 'is read behind a permissions boundary, which is no policy by name',
      message: `${base} with an explicit deny in a permissions boundary: arn:aws:iam::444455556666:policy/Boundary.`,
      policyArn: 'arn:aws:iam::444455556666:policy/Boundary',
      layer: 'permissions-boundary',
    },
  ])('$name', ({ message, policyArn, layer = 'service-control-policy' }) => {
    expect(readDenialMessage(message)).toEqual({ ...told, layer, explicit: true, policyArn });
  });
});

describe('what a refusal is about', () => {
  const silent = 'because no resource-based policy allows the kms:ReEncryptFrom action';
  it.each([
    {
      name: 'an opaque refusal leaves the layer open',
      message: `User: ${PRINCIPAL} is not authorized to perform: kms:DescribeKey on this resource because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access`,
      expected: { ...untold, principal: PRINCIPAL, action: 'kms:DescribeKey' },
    },
    {
      name: 'a ciphertext stands in for the key',
      message: `User: ${PRINCIPAL} is not authorized to perform: kms:ReEncryptFrom on the resource associated with this ciphertext ${silent}`,
      expected: { ...untold, principal: PRINCIPAL, action: 'kms:ReEncryptFrom', layer: 'key-policy' },
    },
    {
      name: '`on this resource` names no key',
      message: `User: ${PRINCIPAL} is not authorized to perform: kms:CreateGrant on this resource because no session policy allows the kms:CreateGrant action`,
      expected: { ...untold, principal: PRINCIPAL, action: 'kms:CreateGrant', layer: 'session-policy' },
    },
    {
      name: 'a base sentence alone tells principal, action and key',
      message: base,
      expected: { ...told, layer: null },
    },
    {
      name: 'a refusal of nobody in particular has no principal',
      message: `is not authorized to perform: kms:Decrypt on resource: ${MULTI_REGION_KEY}`,
      expected: { ...untold, action: 'kms:Decrypt', keyArn: MULTI_REGION_KEY },
    },
    {
      name: 'an alias is no key ARN',
      message: `User: ${PRINCIPAL} is not authorized to perform: kms:DescribeKey on resource: ${ALIAS} because no identity-based policy allows the kms:DescribeKey action`,
      expected: { ...untold, principal: PRINCIPAL, action: 'kms:DescribeKey', layer: 'identity-policy' },
    },
    {
      name: 'the words before the sentence do not matter',
      message: `AccessDeniedException: ${base} because no session policy allows the kms:CreateGrant action`,
      expected: { ...told, layer: 'session-policy' },
    },
    {
      name: 'the legacy words tell nothing but that it was refused',
      message:
        'The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.',
      expected: untold,
    },
  ])('$name', ({ message, expected }) => {
    expect(readDenialMessage(message)).toEqual(expected);
  });
});

describe('sentences about the key and words of EC2', () => {
  const state = { ...untold, layer: 'key-state' };
  it.each([
    { message: `${KEY} is disabled.`, expected: { ...state, keyArn: KEY } },
    { message: `${KEY} is pending deletion.`, expected: { ...state, keyArn: KEY } },
    { message: `${KEY} is pending import.`, expected: { ...state, keyArn: KEY } },
    { message: `${KEY} is unavailable.`, expected: { ...state, keyArn: KEY } },
    { message: `Key '${KEY}' does not exist`, expected: { ...state, keyArn: KEY } },
    { message: `Alias ${ALIAS} is not found.`, expected: state },
    { message: `The specified keyId ${KEY} is disabled`, expected: { ...state, keyArn: KEY } },
    { message: 'The specified keyId alias/evidence is invalid', expected: state },
    { message: `Not authorized to use key ${KEY} `, expected: { ...untold, action: 'kms:DescribeKey', keyArn: KEY } },
    {
      message: 'Encrypted snapshots with EBS default key cannot be shared',
      expected: { ...untold, layer: 'key-policy', action: 'ec2:ModifySnapshotAttribute' },
    },
    {
      message:
        'Volume vol-0123456789abcdef0 cannot be attached. The encrypted volume was unable to access the KMS key.',
      expected: untold,
    },
    { message: 'Given key ID is not accessible', expected: untold },
    {
      message: 'Client.InvalidKMSKey.InvalidState: The KMS key provided is in an incorrect state',
      expected: untold,
    },
  ])('`$message` is a refusal by KMS', ({ message, expected }) => {
    expect(readDenialMessage(message)).toEqual(expected);
  });
});

const ec2Denial = `You are not authorized to perform this operation. User: ${PRINCIPAL} is not authorized to perform: ec2:CreateVolume on resource: arn:aws:ec2:eu-west-3:111122223333:volume/* because no identity-based policy allows the ec2:CreateVolume action. Encoded authorization failure message: `;

describe('what is no refusal by KMS', () => {
  it.each([
    { name: 'nothing at all', message: '' },
    { name: 'a refusal of an EC2 action', message: `${ec2Denial}${'a'.repeat(1_000)}` },
    { name: 'an EC2 refusal in the old words', message: 'You are not authorized to perform this operation.' },
    { name: 'a refusal by another service that merely begins alike', message: base.replace('kms:', 'kmsx:') },
    { name: 'a volume that does not exist', message: "The volume 'vol-0123456789abcdef0' does not exist." },
    { name: 'a throttle', message: 'Rate exceeded' },
    { name: 'a snapshot in error', message: 'Snapshot snap-0123456789abcdef0 is in status error' },
    { name: 'an instance that could not launch for other reasons', message: 'Server.InternalError: Internal error' },
  ])('$name', ({ message }) => {
    expect(readDenialMessage(message)).toBeNull();
  });
});

describe('a text of 256 KB', () => {
  const silent = `${base} because no identity-based policy allows the kms:CreateGrant action`;
  it.each([
    { name: 'is read by its beginning', head: silent, filler: 'x' },
    { name: 'stays no refusal where its beginning is none', head: ec2Denial, filler: 'Zm9yZW5zaWNz' },
    { name: 'of half-begun sentences is no refusal', head: '', filler: 'User: arn:aws is not authorized to perform: ' },
    { name: 'of half-begun ARNs is no refusal', head: '', filler: 'arn:aws:kms:eu-west-3:' },
    { name: 'of half-begun clauses is read by its beginning', head: base, filler: ' with an explicit deny in a' },
  ])('$name', ({ head, filler }) => {
    const small = readDenialMessage(head + filler.repeat(8));
    expect(readDenialMessage(head + filler.repeat(Math.ceil(2 ** 18 / filler.length)))).toEqual(small);
  });

  it('hides nothing that is told in its first 8,192 characters, and tells nothing of what stands behind', () => {
    expect(readDenialMessage(`${' '.repeat(7_000)}${silent}`)?.layer).toBe('identity-policy');
    expect(readDenialMessage(`${' '.repeat(9_000)}${silent}`)).toBeNull();
  });
});

const part = fc.oneof(
  fc.constantFrom(
    'User: ',
    PRINCIPAL,
    ' is not authorized to perform: ',
    'kms:CreateGrant',
    'ec2:CreateVolume',
    ' on resource: ',
    KEY,
    ' because no ',
    'resource-based policy',
    ' allows the ',
    ' with an explicit deny in ',
    'a service control policy',
    'a permissions boundary',
    `: ${SCP}.`,
    ' is disabled',
    ' on this resource because the resource does not exist in this Region, no resource-based policies allow access',
    '\n',
  ),
  fc.string({ unit: 'binary', maxLength: 40 }),
);

describe('any text', () => {
  it('is read without an error, and every word of the answer stands in it', () => {
    const sentences = new Set(['kms:DescribeKey', 'ec2:ModifySnapshotAttribute']);
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        const message = parts.join('');
        const answer = readDenialMessage(message);
        if (answer === null) return;
        const { principal, action, keyArn, policyArn, layer, explicit } = answer;
        for (const word of [principal, keyArn, policyArn]) expect(word === null || message.includes(word)).toBe(true);
        expect(action === null || message.includes(action) || sentences.has(action)).toBe(true);
        expect(layer === null || Layer.options.includes(layer)).toBe(true);
        if (explicit) expect(message).toContain('explicit deny');
      }),
      { numRuns: 1_000 },
    );
  });
});
