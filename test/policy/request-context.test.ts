import { describe, expect, it } from 'vitest';
import type { ContextRecord, Possible } from '#shared/policy/context';
import { type Principal, principalOf } from '#shared/policy/principal';
import { requestContext } from '#shared/policy/request-context';

const ACCOUNT = '111122223333';
const KEY = 'arn:aws:kms:eu-west-3:444455556666:key/1f2e3d4c-5b6a-4978-8f90-a1b2c3d4e5f6';
const MULTI_REGION = 'arn:aws:kms:eu-west-3:444455556666:key/mrk-0123456789abcdef0123456789abcdef';
const ROLE = `arn:aws:iam::${ACCOUNT}:role/myCadoResponseRole`;
const SESSION = `arn:aws:sts::${ACCOUNT}:assumed-role/myCadoResponseRole/acquire-web-1`;
const USER = `arn:aws:iam::${ACCOUNT}:user/ir/ana`;
const ROOT = `arn:aws:iam::${ACCOUNT}:root`;
const EC2 = 'ec2.eu-west-3.amazonaws.com';

interface Case {
  readonly given?: ContextRecord;
  readonly by?: string;
  readonly action?: string;
  readonly resource?: string;
  /** Values, `null` for missing, `undefined` for unknown. */
  readonly is: Readonly<Record<string, string | readonly string[] | null | undefined>>;
}

const principalIn = (text: string): Principal => {
  const principal = principalOf(text);
  if (principal === null) throw new Error(`\`${text}\` is no principal`);
  return principal;
};

const possible = (value: Case['is'][string]): Possible | undefined =>
  value === undefined ? undefined : [typeof value === 'string' ? [value] : value];

const expectContext = ({ given = {}, by = ROLE, action = 'kms:CreateGrant', resource = KEY, is }: Case) => {
  const context = requestContext(given, { principal: principalIn(by), action, resource });
  const found = Object.fromEntries(Object.keys(is).map((key) => [key, context.get(key)]));
  expect(found).toEqual(Object.fromEntries(Object.entries(is).map(([key, value]) => [key, possible(value)])));
};

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html */
describe('what follows from who asks', () => {
  const person = {
    'aws:principalisawsservice': 'false',
    'aws:principalservicename': null,
    'aws:principalaccount': ACCOUNT,
  };

  it.each<Case & { name: string }>([
    {
      name: 'a role',
      is: { ...person, 'aws:principalarn': ROLE, 'aws:principaltype': 'AssumedRole', 'aws:username': null },
    },
    {
      name: 'a session, of whose role the path is not known',
      by: SESSION,
      is: { ...person, 'aws:principalarn': undefined, 'aws:principaltype': 'AssumedRole', 'aws:username': null },
    },
    {
      name: 'a user',
      by: USER,
      is: { ...person, 'aws:principalarn': USER, 'aws:principaltype': 'User', 'aws:username': 'ana' },
    },
    {
      name: 'a root',
      by: ROOT,
      is: { ...person, 'aws:principalarn': ROOT, 'aws:principaltype': 'Account', 'aws:username': null },
    },
    {
      name: 'a service',
      by: 'ec2.amazonaws.com',
      is: {
        'aws:principalisawsservice': 'true',
        'aws:principalservicename': 'ec2.amazonaws.com',
        'aws:principalarn': undefined,
        'aws:principalaccount': undefined,
        'kms:calleraccount': undefined,
      },
    },
    {
      name: 'anyone, over TLS',
      is: { 'aws:securetransport': 'true', 'aws:userid': undefined, 'aws:sourceip': undefined },
    },
  ])('$name', expectContext);
});

/** https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html */
describe('what follows from the key', () => {
  it.each<Case & { name: string }>([
    {
      name: 'a key of one Region',
      is: {
        'aws:resourceaccount': '444455556666',
        'aws:requestedregion': 'eu-west-3',
        'kms:calleraccount': ACCOUNT,
        'kms:multiregion': 'false',
        'kms:multiregionkeytype': null,
      },
    },
    {
      name: 'a key of several',
      resource: MULTI_REGION,
      is: { 'kms:multiregion': 'true', 'kms:multiregionkeytype': undefined },
    },
    {
      name: 'a role of IAM',
      action: 'iam:CreateServiceLinkedRole',
      resource: `arn:aws:iam::${ACCOUNT}:role/aws-service-role/x`,
      is: {
        'aws:resourceaccount': undefined,
        'aws:requestedregion': undefined,
        'kms:calleraccount': undefined,
        'kms:multiregion': undefined,
        'kms:grantoperations': undefined,
        'kms:grantisforawsresource': undefined,
        'kms:reencryptonsamekey': undefined,
        'kms:encryptionalgorithm': undefined,
      },
    },
    { name: 'no resource', action: 'iam:CreateRole', resource: '*', is: { 'aws:resourceaccount': undefined } },
  ])('$name', expectContext);
});

const symmetric = {
  'kms:keyspec': 'SYMMETRIC_DEFAULT',
  'kms:keyusage': 'ENCRYPT_DECRYPT',
  'kms:customermasterkeyspec': 'SYMMETRIC_DEFAULT',
  'kms:customermasterkeyusage': 'ENCRYPT_DECRYPT',
};
const untold = {
  'kms:keyspec': undefined,
  'kms:keyusage': undefined,
  'kms:customermasterkeyspec': undefined,
  'kms:customermasterkeyusage': undefined,
};

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/access_forward_access_sessions.html */
describe('what follows from the service through which it comes', () => {
  const network = { 'aws:sourcevpce': null, 'aws:sourcevpc': null, 'aws:vpcsourceip': null };
  const unknownNetwork = { 'aws:sourcevpce': undefined, 'aws:sourcevpc': undefined, 'aws:vpcsourceip': undefined };

  it.each<Case & { name: string }>([
    { name: 'nothing where it is not known', is: { 'aws:viaawsservice': undefined, ...unknownNetwork, ...untold } },
    {
      name: 'none where it comes directly',
      given: { 'kms:ViaService': null },
      is: { 'aws:viaawsservice': 'false', ...unknownNetwork, ...untold },
    },
    {
      name: 'no endpoint, and a key for EBS, where it is EC2',
      given: { 'kms:ViaService': EC2 },
      is: { 'aws:viaawsservice': 'true', ...network, ...symmetric },
    },
    {
      name: 'no endpoint, where it is another',
      given: { 'kms:ViaService': 's3.eu-west-3.amazonaws.com' },
      is: { 'aws:viaawsservice': 'true', ...network, ...untold },
    },
    { name: 'not from a name that ends so', given: { 'kms:ViaService': `x${EC2}` }, is: untold },
    { name: 'not from a name that begins so', given: { 'kms:ViaService': `${EC2}x` }, is: untold },
    { name: 'not from a name like it', given: { 'kms:ViaService': 'ec2-eu-west-3-amazonaws-com' }, is: untold },
    { name: 'not from one without a Region', given: { 'kms:ViaService': 'ec2.amazonaws.com' }, is: untold },
    {
      name: 'not from EC2 beside another',
      given: { 'kms:ViaService': [EC2, 's3.eu-west-3.amazonaws.com'] },
      is: untold,
    },
  ])('$name', expectContext);
});

const GRANT_TERMS = [
  'kms:granteeprincipal',
  'kms:granteeserviceprincipal',
  'kms:retiringprincipal',
  'kms:retiringserviceprincipal',
  'kms:grantoperations',
  'kms:grantconstrainttype',
  'kms:grantconstraintsourcearn',
];
const terms = (value: null | undefined) => Object.fromEntries(GRANT_TERMS.map((key) => [key, value]));

/** https://docs.aws.amazon.com/kms/latest/developerguide/kms-api-permissions-reference.html */
describe('what follows from the operation', () => {
  const context = 'kms:encryptioncontextkeys';
  const algorithm = 'kms:encryptionalgorithm';
  const same = 'kms:reencryptonsamekey';

  it.each([
    'kms:Decrypt',
    'kms:Encrypt',
    'kms:GenerateDataKey',
    'kms:GenerateDataKeyPair',
    'kms:GenerateDataKeyPairWithoutPlaintext',
    'kms:GenerateDataKeyWithoutPlaintext',
  ])('%s carries an encryption context and an algorithm, and no terms of a grant', (action) => {
    expectContext({ action, is: { ...terms(null), [context]: undefined, [algorithm]: undefined, [same]: null } });
  });

  it.each(['kms:ReEncryptFrom', 'kms:ReEncryptTo'])('%s may be on the same key', (action) => {
    expectContext({ action, is: { ...terms(null), [context]: undefined, [algorithm]: undefined, [same]: undefined } });
  });

  it('kms:CreateGrant carries the terms of the grant, its constraint as a context, and no alias', () => {
    const is = { ...terms(undefined), [context]: undefined, [algorithm]: null, [same]: null, 'kms:requestalias': null };
    expectContext({ action: 'kms:CreateGrant', is });
  });

  it('kms:RetireGrant carries a context', () => {
    expectContext({ action: 'kms:RetireGrant', is: { [context]: undefined, [algorithm]: null, [same]: null } });
  });

  it.each([
    'kms:DescribeKey',
    'kms:ListGrants',
    'kms:RevokeGrant',
    'kms:DecryptX',
    'kms:XDecrypt',
    'xkms:Decrypt',
    'kms:ReEncrypt',
  ])('%s carries no context', (action) => {
    const known = action.startsWith('kms:') ? null : undefined;
    expectContext({
      action,
      is: { ...terms(known), [context]: known, [algorithm]: known, 'kms:requestalias': undefined },
    });
  });

  const key = 'kms:grantisforawsresource';

  it.each<Case & { name: string }>([
    { name: 'a grant made by EC2 is for a resource', given: { 'kms:ViaService': EC2 }, is: { [key]: 'true' } },
    { name: 'a grant may be for one where the service is not known', is: { [key]: undefined } },
    {
      name: 'a list that EC2 asks for may be',
      action: 'kms:ListGrants',
      given: { 'kms:ViaService': EC2 },
      is: { [key]: undefined },
    },
    { name: 'no other operation has it', action: 'kms:Decrypt', given: { 'kms:ViaService': EC2 }, is: { [key]: null } },
    {
      name: 'a like name has it not',
      action: 'kms:CreateGrantX',
      given: { 'kms:ViaService': EC2 },
      is: { [key]: null },
    },
    { name: 'nor one that ends so', action: 'kms:XkmsCreateGrant', is: { [key]: null } },
    { name: 'RetireGrant has it not', action: 'kms:RetireGrant', is: { [key]: null } },
  ])('$name', expectContext);

  it.each(['kms:CreateGrant', 'kms:ListGrants', 'kms:RevokeGrant'])(
    '%s, made directly, carries `false` or nothing: AWS does not say which',
    (action) => {
      const request = { principal: principalIn(ROLE), action, resource: KEY };
      const context = requestContext({ 'kms:ViaService': null }, request);
      expect(context.get(key)).toEqual([['false'], null]);
    },
  );
});

describe('a pair of the encryption context', () => {
  const pair = 'kms:encryptioncontext:aws:ebs:id';

  it.each<Case & { name: string }>([
    { name: 'is what is given', given: { 'kms:EncryptionContext:aws:ebs:id': 'vol-1' }, is: { [pair]: 'vol-1' } },
    { name: 'is unknown where the names are', is: { [pair]: undefined } },
    {
      name: 'is unknown where its name is among them',
      given: { 'kms:EncryptionContextKeys': ['a', 'AWS:ebs:ID'] },
      is: { [pair]: undefined },
    },
    {
      name: 'is missing where its name is not among them',
      given: { 'kms:EncryptionContextKeys': ['a'] },
      is: { [pair]: null },
    },
    { name: 'is missing where there are no names', given: { 'kms:EncryptionContextKeys': null }, is: { [pair]: null } },
    { name: 'is missing where the operation carries none', action: 'kms:DescribeKey', is: { [pair]: null } },
    {
      name: 'says nothing of other keys',
      given: { 'kms:EncryptionContextKeys': null },
      is: { 'kms:encryptioncontextx': undefined, 'xkms:encryptioncontext:a': undefined, 'kms:viaservice': undefined },
    },
  ])('$name', expectContext);
});

describe('what is given', () => {
  it.each<Case & { name: string }>([
    {
      name: 'wins over what follows',
      given: { 'aws:SecureTransport': 'false' },
      is: { 'aws:securetransport': 'false' },
    },
    { name: 'wins as missing, too', given: { 'aws:PrincipalArn': null }, is: { 'aws:principalarn': null } },
    { name: 'adds what does not follow', given: { 'aws:userid': 'a' }, is: { 'aws:userid': 'a' } },
  ])('$name', expectContext);
});
