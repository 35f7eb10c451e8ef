import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { firstIssue } from '#local/scenario/loading';
import { diagnose } from '#shared/diagnosis/diagnose';
import { FactsInFile, factsFileOf } from '#shared/diagnosis/facts-file';
import type { FactsRecord } from '#shared/diagnosis/facts-record';
import { questionAsked } from '#shared/diagnosis/question';
import { known, unknown } from '#shared/policy/known';
import { principalOf } from '#shared/policy/principal';
import { Denial } from '#shared/signal/signal';
import { allow, delegating, deny, factsWith, named, OWN_KEY, PLATFORM, policy, ROLE, TARGET, VIA } from './facts.ts';

const request = { principal: ROLE, action: 'kms:CreateGrant', resource: OWN_KEY, context: { 'kms:ViaService': VIA } };
const whole = {
  request,
  key: { state: 'Enabled', manager: 'CUSTOMER', policy: policy(delegating(PLATFORM)), grants: [] },
  principal: { identityPolicies: [named('acquire', allow('kms:*'))], permissionsBoundary: null, sessionPolicies: [] },
  organization: null,
  vpcEndpointPolicy: null,
};

const decide = (file: unknown) => {
  const { request: asked, record } = FactsInFile.parse(file);
  const principal = principalOf(asked?.principal ?? '');
  return diagnose(null, asked === null || principal === null ? null : questionAsked({ ...asked, principal }), record);
};

const refusalOf = (file: unknown): string => {
  const parsed = FactsInFile.safeParse(file);
  return parsed.success ? 'accepted' : firstIssue(parsed.error);
};

describe('a whole file', () => {
  it('is decided', () => {
    expect(decide(whole).decision).toBe('allowed');
  });

  it('decides the same where policies are texts, URL-encoded, or stand without a name', () => {
    const document = policy(allow('kms:*'));
    const encoded = encodeURIComponent(JSON.stringify(document));
    const file = {
      ...whole,
      key: { ...whole.key, policy: JSON.stringify(whole.key.policy) },
      principal: {
        ...whole.principal,
        identityPolicies: [{ name: 'acquire', document: encoded }],
        permissionsBoundary: document,
      },
      vpcEndpointPolicy: policy(allow('kms:*', { Principal: '*' })),
    };
    expect(decide(file).decision).toBe('allowed');
    expect(decide({ ...file, vpcEndpointPolicy: policy(allow('s3:*', { Principal: '*' })) })).toMatchObject({
      decision: 'denied',
      layer: 'vpc-endpoint-policy',
    });
  });

  it('takes numbers and booleans in the context as the texts they are', () => {
    const context = { 'kms:ViaService': VIA, 'aws:MultiFactorAuthPresent': true, 'aws:EpochTime': 1772420432 };
    expect(FactsInFile.parse({ ...whole, request: { ...request, context } }).request?.context).toEqual({
      'kms:ViaService': VIA,
      'aws:MultiFactorAuthPresent': 'true',
      'aws:EpochTime': '1772420432',
    });
  });

  it('takes several values of a context key, and none', () => {
    const context = { 'kms:ViaService': null, 'kms:ResourceAliases': ['alias/evidence', 'alias/ebs'] };
    expect(FactsInFile.parse({ ...whole, request: { ...request, context } }).request?.context).toEqual(context);
  });

  it('without an action asks the whole acquisition', () => {
    const { action: _action, ...rest } = request;
    const identityPolicies = [named('acquire', allow(['kms:C*', 'kms:D*']))];
    const file = { ...whole, request: rest, principal: { ...whole.principal, identityPolicies } };
    expect(decide(file).explanation).toContain('kms:GenerateDataKeyWithoutPlaintext');
  });

  it('keeps a constraint of a kind that is not known', () => {
    const grant = {
      GrantId: 'g',
      GranteePrincipal: ROLE,
      Operations: ['CreateGrant'],
      Constraints: { SourceArn: 'arn:x' },
    };
    const parsed = FactsInFile.parse({ ...whole, key: { ...whole.key, grants: [grant] } });
    expect(parsed.record.key.grants).toMatchObject({ value: [{ Constraints: { Other: true } }] });
  });
});

const LINKED =
  'arn:aws:iam::111122223333:role/aws-service-role/mrk.kms.amazonaws.com/AWSServiceRoleForKeyManagementServiceMultiRegionKeys';
const LINKING = 'iam:CreateServiceLinkedRole';

describe('an action is asked of what it is done to', () => {
  const onKey = [
    { action: 'kms:CreateGrant', resource: OWN_KEY },
    { action: 'kms:CreateGrant', resource: OWN_KEY.replace('arn:aws:', 'arn:aws-us-gov:') },
    { action: 'kms:Decrypt', resource: `arn:aws:kms:eu-west-3:${TARGET}:key/mrk-1a2b3c4d5e6f47089a0b1c2d3e4f5a6b` },
    { action: null, resource: OWN_KEY },
  ];
  it.each(onKey)('$action of the key $resource', ({ action, resource }) => {
    expect(refusalOf({ ...whole, request: { ...request, action, resource } })).toBe('accepted');
  });

  it('by who calls KMS itself too, where the action is named', () => {
    expect(refusalOf({ ...whole, request: { ...request, context: { 'kms:ViaService': null } } })).toBe('accepted');
  });

  it.each([LINKED, LINKED.replace('arn:aws:', 'arn:aws-cn:')])('creating the service-linked role %s', (resource) => {
    expect(refusalOf({ ...whole, request: { ...request, action: LINKING, resource } })).toBe('accepted');
  });

  // https://docs.aws.amazon.com/service-authorization/latest/reference/list_awskeymanagementservice.html
  const withoutKey = [
    'ConnectCustomKeyStore',
    'CreateCustomKeyStore',
    'CreateKey',
    'DeleteCustomKeyStore',
    'DescribeCustomKeyStores',
    'DisconnectCustomKeyStore',
    'GenerateRandom',
    'ListAliases',
    'ListKeys',
    'ListRetirableGrants',
    'UpdateCustomKeyStore',
  ];
  it.each(withoutKey)('kms:%s is of no key', (name) => {
    const asked = { ...request, action: `kms:${name}` };
    expect(refusalOf({ ...whole, request: { ...asked, resource: '*' } })).toBe('accepted');
    expect(refusalOf({ ...whole, request: asked })).toContain('`*` for an action without one');
  });

  const elsewhere = [
    { action: 'kms:CreateGrant', resource: `key: ${OWN_KEY}` },
    { action: 'kms:CreateGrant', resource: `${OWN_KEY}*` },
    { action: 'kms:CreateGrant', resource: LINKED },
    { action: null, resource: '*' },
    { action: LINKING, resource: OWN_KEY },
    { action: LINKING, resource: '*' },
    { action: LINKING, resource: `role ${LINKED}` },
    { action: LINKING, resource: `${LINKED} of KMS` },
  ];
  it.each(elsewhere)('$action is not asked of $resource', ({ action, resource }) => {
    expect(refusalOf({ ...whole, request: { ...request, action, resource } })).toBe(
      '`request.resource`: expected the ARN of a KMS key; `*` for an action without one, the ARN of the role for `iam:CreateServiceLinkedRole`',
    );
  });
});

describe('the facts are those of whom the request names', () => {
  const session = `arn:aws:sts::${PLATFORM}:assumed-role/myCadoResponseRole/acquire-web-1`;
  const factsOf = (arn: string | null, principal: string) =>
    refusalOf({ ...whole, request: { ...request, principal }, principal: { ...whole.principal, arn } });

  it.each([
    { name: 'the role itself', arn: ROLE, principal: ROLE },
    { name: 'the role of a session', arn: ROLE, principal: session },
    { name: 'a role with its path', arn: ROLE.replace('role/', 'role/forensics/'), principal: session },
    { name: 'nobody who is named', arn: null, principal: ROLE },
  ])('of $name', ({ arn, principal }) => {
    expect(factsOf(arn, principal)).toBe('accepted');
  });

  it.each([
    { name: 'another role', arn: `arn:aws:iam::${PLATFORM}:role/other` },
    { name: 'a role of that name in another account', arn: ROLE.replace(PLATFORM, TARGET) },
    { name: 'a user of that name', arn: ROLE.replace(':role/', ':user/') },
    { name: 'what is no ARN', arn: 'myCadoResponseRole' },
  ])('not of $name', ({ arn }) => {
    expect(factsOf(arn, session)).toBe('`principal.arn`: expected that of `request.principal`');
  });
});

describe('policies of every kind are taken as AWS has them', () => {
  const everyone = { Principal: '*' };
  it.each([
    {
      name: 'several of one role, under names that differ',
      part: { principal: { identityPolicies: [named('read', allow('kms:D*')), named('make', allow('kms:C*'))] } },
    },
    {
      name: 'a resource control policy, which names its principals',
      part: {
        organization: {
          resourceControlPolicies: [{ target: 'r-abcd', policies: [named('Perimeter', deny('kms:*', everyone))] }],
        },
      },
    },
    { name: 'an endpoint policy with its name', part: { vpcEndpointPolicy: named('vpce-1', allow('*', everyone)) } },
    { name: 'the policy of a key that AWS manages', part: { key: { manager: 'AWS', policy: policy() } } },
  ])('$name', ({ part }) => {
    expect(refusalOf({ ...whole, ...part })).toBe('accepted');
  });

  it('a policy that stands without a name is told by what it is', () => {
    const { record } = FactsInFile.parse({
      ...whole,
      principal: { permissionsBoundary: policy(allow('*')) },
      vpcEndpointPolicy: policy(allow('*', everyone)),
    });
    expect(record.principal.permissionsBoundary).toMatchObject({ value: { name: 'the permissions boundary' } });
    expect(record.vpcEndpointPolicy).toMatchObject({ value: { name: 'the VPC endpoint policy' } });
  });
});

describe('what is absent', () => {
  const parts = ['key', 'principal', 'organization', 'vpcEndpointPolicy'] as const;
  it.each(parts)('`%s` is unknown, which an allow does not survive', (part) => {
    const { [part]: _left, ...file } = whole;
    const { decision, missing } = decide(file);
    expect(decision).toBe('undetermined');
    expect(missing.every((item) => item.endsWith('not given'))).toBe(true);
    expect(missing.length).toBeGreaterThan(0);
  });

  it('is not the same as none', () => {
    const none = { ...whole.principal, identityPolicies: null, sessionPolicies: null };
    expect(decide({ ...whole, principal: none })).toMatchObject({
      decision: 'denied',
      cause: 'identity-policy-silent',
    });
    const { identityPolicies: _left, ...absent } = whole.principal;
    expect(decide({ ...whole, principal: absent })).toMatchObject({
      decision: 'undetermined',
      missing: ['the identity policies: not given'],
    });
    const { grants: _grants, ...keyWithout } = whole.key;
    const closed = { ...keyWithout, policy: policy(delegating(TARGET)) };
    expect(decide({ ...whole, key: closed }).decision).toBe('undetermined');
    expect(decide({ ...whole, key: { ...closed, grants: null } }).decision).toBe('denied');
  });

  it('of half an organisation is the other half', () => {
    const organization = {
      serviceControlPolicies: [{ target: 'r-abcd', policies: [named('FullAWSAccess', allow('*'))] }],
    };
    expect(decide({ ...whole, organization }).missing).toEqual(['the resource control policies: not given']);
    expect(decide({ ...whole, organization: { ...organization, resourceControlPolicies: [] } }).decision).toBe(
      'allowed',
    );
  });
});

describe('bad input is one line: the place, and what was expected there', () => {
  const withPolicy = (document: unknown) => ({ ...whole, key: { ...whole.key, policy: document } });
  const withNamed = (document: unknown) => ({ ...whole, principal: { identityPolicies: [{ name: 'a', document }] } });
  const statement = { Effect: 'Allow', Action: 'kms:*', Resource: '*', Principal: '*' };
  it.each([
    { name: 'nothing', file: null, place: 'the whole' },
    { name: 'a list', file: [], place: 'the whole' },
    { name: 'neither request nor event', file: {}, place: 'the whole', says: 'either `request`, `event` or `denial`' },
    { name: 'both', file: { ...whole, event: {} }, place: 'the whole', says: 'either `request`, `event` or `denial`' },
    { name: 'a part that is not known', file: { ...whole, policies: [] }, place: 'the whole', says: 'policies' },
    {
      name: 'a principal',
      file: { ...whole, request: { ...request, principal: 'me' } },
      place: '`request.principal`',
      says: 'the ARN of a role',
    },
    {
      name: 'a principal beside facts of somebody',
      file: { ...whole, request: { ...request, principal: 'me' }, principal: { ...whole.principal, arn: ROLE } },
      place: '`request.principal`',
      says: 'the ARN of a role',
    },
    {
      name: 'an action',
      file: { ...whole, request: { ...request, action: 'CreateGrant' } },
      place: '`request.action`',
      says: 'kms:CreateGrant',
    },
    {
      name: 'actions by a pattern',
      file: { ...whole, request: { ...request, action: 'kms:Create*' } },
      place: '`request.action`',
      says: 'kms:CreateGrant',
    },
    {
      name: 'words before an action',
      file: { ...whole, request: { ...request, action: 'perform kms:CreateGrant' } },
      place: '`request.action`',
      says: 'kms:CreateGrant',
    },
    {
      name: 'a value of the context',
      file: { ...whole, request: { ...request, context: { 'kms:ViaService': { StringEquals: VIA } } } },
      place: '`request.context.kms',
      says: 'expected text, a list of texts, a number, a boolean or null',
    },
    {
      name: 'a key',
      file: { ...whole, request: { ...request, resource: 'alias/a' } },
      place: '`request.resource`',
      says: 'the ARN of a KMS key',
    },
    {
      name: 'facts of somebody else',
      file: { ...whole, principal: { ...whole.principal, arn: `arn:aws:iam::${TARGET}:role/other` } },
      place: '`principal.arn`',
    },
    {
      name: 'policies of one name',
      file: { ...whole, principal: { identityPolicies: [named('a', allow('kms:*')), named('a', allow('s3:*'))] } },
      place: '`principal.identityPolicies`',
      says: 'names that differ',
    },
    {
      name: 'no action of who calls KMS itself',
      file: { ...whole, request: { ...request, action: null, context: { 'kms:ViaService': null } } },
      place: '`request.action`',
      says: 'who calls KMS itself asks one',
    },
    {
      name: 'the same, where the key is written otherwise',
      file: { ...whole, request: { ...request, action: null, context: { 'KMS:viaService': null } } },
      place: '`request.action`',
      says: 'who calls KMS itself asks one',
    },
    {
      name: 'an alias in the place of the key',
      file: { ...whole, request: { ...request, resource: '*' } },
      place: '`request.resource`',
    },
    { name: 'a state', file: { ...whole, key: { ...whole.key, state: 'On' } }, place: '`key.state`' },
    {
      name: 'an effect',
      file: withPolicy(policy(statement, { ...statement, Effect: 'allow' })),
      place: '`key.policy`',
      says: 'Statement[1].Effect: expected `Allow` or `Deny`',
    },
    { name: 'text that is no JSON', file: withPolicy('{"Version":'), place: '`key.policy`', says: 'expected JSON' },
    { name: 'a number for a policy', file: withPolicy(7), place: '`key.policy`', says: 'expected a policy' },
    {
      name: 'a number for a boundary',
      file: { ...whole, principal: { permissionsBoundary: 7 } },
      place: '`principal.permissionsBoundary',
      says: 'expected a policy: a JSON object, or its text',
    },
    {
      name: 'a list for an endpoint policy',
      file: { ...whole, vpcEndpointPolicy: [allow('kms:*')] },
      place: '`vpcEndpointPolicy',
      says: 'expected a policy: a JSON object, or its text',
    },
    {
      name: 'an endpoint policy that names nobody',
      file: { ...whole, vpcEndpointPolicy: policy(allow('kms:*')) },
      place: '`vpcEndpointPolicy',
      says: 'Principal',
    },
    {
      name: 'a principal where none belongs',
      file: withNamed(policy(statement)),
      place: '`principal.identityPolicies[0].document`',
      says: 'Statement[0].Principal',
    },
    {
      name: 'an operator',
      file: withNamed(policy(allow('kms:*', { Condition: { Equals: { a: 'b' } } }))),
      place: '`principal.identityPolicies[0].document`',
      says: 'Statement[0].Condition.Equals',
    },
  ])('$name', ({ file, place, says = '' }) => {
    const line = refusalOf(file);
    expect(line.split(':')[0]).toContain(place);
    expect(line).toContain(says);
    expect(line).not.toContain('\n');
  });

  it('of a policy it is the place in the file, then in the document, and what was found', () => {
    expect(refusalOf(withPolicy(policy({ ...statement, Effect: 'allow' })))).toBe(
      '`key.policy`: Statement[0].Effect: expected `Allow` or `Deny`, found `"allow"`',
    );
    expect(refusalOf(withPolicy({ Statements: [] }))).toBe(
      '`key.policy`: Statements: this element is not known; expected one of Version, Id, Statement',
    );
    expect(refusalOf(withPolicy('[]'))).toBe('`key.policy`: expected an object, found an array');
  });

  it('and no fault of the program is taken for one', () => {
    const hostile = {
      get Effect(): unknown {
        throw new TypeError('no such thing');
      },
    };
    expect(() => refusalOf(withPolicy({ Statement: hostile }))).toThrow(new TypeError('no such thing'));
  });

  it('whatever the file holds', () => {
    fc.assert(
      fc.property(
        fc.anything(),
        fc.constantFrom('request', 'key', 'principal', 'organization', 'vpcEndpointPolicy'),
        (value, part) => {
          const line = refusalOf({ ...whole, [part]: value });
          expect(line).not.toContain('\n');
        },
      ),
      { numRuns: 300 },
    );
  });
});

const kept = (rest: object = {}) =>
  Denial.parse({
    action: 'kms:CreateGrant',
    keyArn: OWN_KEY,
    layer: 'key-policy',
    explicit: false,
    policyArn: null,
    principal: ROLE,
    roleName: 'myCadoResponseRole',
    sessionName: null,
    via: 'ec2-frontend-api.amazonaws.com',
    requestId: null,
    inCall: true,
    accountId: PLATFORM,
    region: 'eu-west-3',
    time: null,
    message: 'refused',
    ...rest,
  });

describe('facts that a case kept', () => {
  it('are read back as they were, with the words of AWS and the reasons of what is not known', () => {
    const record = factsWith({
      grants: [
        {
          GrantId: 'g',
          GranteePrincipal: ROLE,
          Operations: ['Decrypt'],
          Constraints: { EncryptionContextSubset: { a: 'b' } },
        },
      ],
      boundary: [allow('*')],
      session: unknown('session policies cannot be read back'),
      scp: known([{ target: 'r-abcd', policies: [named('FullAWSAccess', allow('*'))] }]),
    });
    const again = FactsInFile.parse(JSON.parse(JSON.stringify(factsFileOf({ denial: kept() }, record))));
    expect(again.denial).toEqual(kept());
    expect(again.record).toEqual(record);
  });

  it('leave a policy out that cannot be read, and say why', () => {
    const record = factsWith({ keyPolicy: known('{"Statement":[{"Effect":"Maybe"}]}'), state: known('Sleeping') });
    const file = JSON.parse(JSON.stringify(factsFileOf({ denial: kept() }, record)));
    expect(file.key).not.toHaveProperty('policy');
    expect(file.unread['key.policy']).toContain('Statement[0].Effect');
    expect(FactsInFile.parse(file).record.key.state).toEqual(unknown('`Sleeping` is no state that is known here'));
  });
});

describe('what was not known', () => {
  const whyNot = (part: string) => unknown(`AWS did not tell the ${part}`);
  const record: FactsRecord = {
    key: {
      state: whyNot('state'),
      manager: whyNot('manager'),
      policy: whyNot('key policy'),
      grants: whyNot('grants'),
      aliases: whyNot('aliases'),
    },
    principal: {
      arn: null,
      uniqueId: null,
      identityPolicies: whyNot('identity policies'),
      permissionsBoundary: whyNot('boundary'),
      sessionPolicies: whyNot('session policies'),
    },
    organization: { serviceControlPolicies: whyNot('SCPs'), resourceControlPolicies: whyNot('RCPs') },
    vpcEndpointPolicy: whyNot('endpoint policy'),
  };

  it('is read back with the reason of each part', () => {
    const file = JSON.parse(JSON.stringify(factsFileOf({ denial: kept() }, record)));
    expect(FactsInFile.parse(file).record).toEqual(record);
  });

  it('has no reason but that nobody gave it, where none is told', () => {
    const { record: empty } = FactsInFile.parse({ request });
    const { arn, uniqueId, ...policies } = empty.principal;
    const parts = [empty.key, policies, empty.organization].flatMap((part): unknown[] => Object.values(part));
    expect([...parts, empty.vpcEndpointPolicy]).toEqual(Array(11).fill(unknown('not given')));
    expect([arn, uniqueId]).toEqual([null, null]);
  });
});

describe('an event', () => {
  it('is taken as EventBridge delivered it', () => {
    const event = { source: 'aws.kms', detail: { eventName: 'CreateGrant', errorCode: 'AccessDenied' } };
    expect(FactsInFile.parse({ event })).toMatchObject({ event, request: null, denial: null, keyArn: null });
  });
});

describe('a key for a refusal that names none', () => {
  it('is taken from the file', () => {
    expect(FactsInFile.parse({ denial: kept({ keyArn: null }), key: { arn: OWN_KEY } }).keyArn).toBe(OWN_KEY);
  });
});
