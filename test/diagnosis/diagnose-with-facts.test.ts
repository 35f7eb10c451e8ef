import { describe, expect, it } from 'vitest';
import { diagnose } from '#shared/diagnosis/diagnose';
import type { Diagnosis } from '#shared/diagnosis/diagnosis';
import type { FactsRecord } from '#shared/diagnosis/facts-record';
import { questionAsked, questionOf, requestsOf } from '#shared/diagnosis/question';
import { known, unknown } from '#shared/policy/known';
import { readDenialMessage } from '#shared/signal/denial-message';
import { Denial } from '#shared/signal/signal';
import {
  allow,
  delegating,
  deny,
  FOREIGN_KEY,
  factsWith,
  named,
  OWN_KEY,
  PLATFORM,
  principal,
  ROLE,
  SESSION,
  TARGET,
  VIA,
} from './facts.ts';

const NOT_READ = unknown('kms:GetKeyPolicy was refused to Unlatch');

/** A denial as it comes from its words, through EC2. */
const denialOf = (message: string, rest: object = {}): Denial =>
  Denial.parse({
    keyArn: null,
    layer: null,
    explicit: false,
    policyArn: null,
    roleName: 'myCadoResponseRole',
    roleArn: ROLE,
    sessionName: 'acquire-web-1',
    via: 'ec2-frontend-api.amazonaws.com',
    requestId: 'r',
    inCall: true,
    accountId: PLATFORM,
    region: 'eu-west-3',
    time: '2026-03-02T03:00:32Z',
    message,
    ...readDenialMessage(message),
    principal: SESSION,
    ...rest,
  });

const refusal = (because: string, key = OWN_KEY, action = 'kms:CreateGrant') =>
  denialOf(`User: ${SESSION} is not authorized to perform: ${action} on resource: ${key} ${because}`);
const silent = (words: string, key?: string) => refusal(`because no ${words} allows the kms:CreateGrant action`, key);
const explicit = (words: string) => refusal(`with an explicit deny in ${words}`);

const explain = (denial: Denial, record: FactsRecord): Diagnosis => diagnose(denial, questionOf(denial), record);
const wouldBe = (record: FactsRecord, action: string | null = 'kms:CreateGrant', resource = OWN_KEY): Diagnosis => {
  return diagnose(
    null,
    questionAsked({ principal: principal(ROLE), action, resource, context: { 'kms:ViaService': VIA } }),
    record,
  );
};

describe("AWS's word and the facts", () => {
  it('agree on a silent key policy: the cause is sure, and nothing is missing', () => {
    const diagnosis = explain(silent('resource-based policy'), factsWith({ keyPolicy: [delegating(TARGET)] }));
    expect(diagnosis).toMatchObject({
      decision: 'denied',
      cause: 'key-policy-silent',
      layer: 'key-policy',
      explicit: false,
      statement: null,
      missing: [],
    });
    expect(diagnosis.explanation).not.toContain('do not agree');
    expect(diagnosis.explanation).not.toContain('A condition that does not match');
    expect(diagnosis.fixes.map(({ verified }) => verified)).toEqual([true, true]);
  });

  it('agree on a deny: the statement is named', () => {
    const guard = deny('kms:CreateGrant', { Sid: 'NoGrants' });
    const scp = known([{ target: 'r-abcd', policies: [named('p-guard', allow('*'), guard)] }]);
    const diagnosis = explain(explicit('a service control policy'), factsWith({ scp }));
    expect(diagnosis).toMatchObject({
      cause: 'service-control-policy-deny',
      explicit: true,
      statement: { policy: 'p-guard', sid: 'NoGrants', index: 1 },
    });
    expect(diagnosis.explanation).toContain('It is statement `NoGrants` of p-guard.');
  });

  it.each([
    {
      name: 'a silence where the layer allows',
      denial: silent('identity-based policy'),
      record: factsWith(),
      says: 'the identity policy allows it',
    },
    {
      name: 'a deny where no statement denies',
      denial: explicit('a resource-based policy'),
      record: factsWith(),
      says: 'the key policy leaves it to IAM',
    },
    {
      name: 'a boundary where there is none',
      denial: silent('permissions boundary'),
      record: factsWith(),
      says: 'the permissions boundary does not bind it',
    },
    {
      name: 'a silence where a statement denies',
      denial: silent('resource-based policy'),
      record: factsWith({ keyPolicy: [deny('kms:*', { Principal: '*' })] }),
      says: 'the key policy denies it',
    },
  ])('that do not agree are told: $name', ({ denial, record, says }) => {
    const diagnosis = explain(denial, record);
    expect(diagnosis).toMatchObject({
      decision: 'denied',
      layer: denial.layer,
      explicit: denial.explicit,
      statement: null,
    });
    expect(diagnosis.explanation).toContain(`The facts do not agree: as they are read now, ${says}.`);
  });

  it("of a layer that could not be read, AWS's word stands, and what is missing is named", () => {
    const diagnosis = explain(silent('resource-based policy'), factsWith({ keyPolicy: NOT_READ }));
    expect(diagnosis).toMatchObject({ decision: 'denied', cause: 'key-policy-silent' });
    expect(diagnosis.missing).toEqual(['the key policy: kms:GetKeyPolicy was refused to Unlatch']);
    expect(diagnosis.explanation).toContain('A condition that does not match');
    expect(diagnosis.fixes).toEqual([
      expect.objectContaining({
        layer: 'key-policy',
        target: OWN_KEY,
        verified: false,
        statement: expect.objectContaining({ Action: 'kms:CreateGrant', Principal: { AWS: ROLE } }),
        note: expect.stringContaining(
          'AWS names the key policy, which these facts do not show: nothing here is verified.',
        ),
      }),
    ]);
  });

  it('of a deny that could not be read, it is told who decides, and nothing is widened', () => {
    const { fixes } = explain(explicit('a service control policy'), factsWith({ scp: NOT_READ }));
    expect(fixes).toMatchObject([{ layer: 'service-control-policy', statement: null, verified: false }]);
    expect(fixes[0]?.note).toContain('whoever administers the organisation, in its management account, decides');
  });

  it('INVARIANT: against the word of AWS nothing is verified, whatever the facts would let pass', () => {
    const denial = {
      ...explicit('a service control policy'),
      policyArn: 'arn:aws:organizations::777788889999:policy/o-a/service_control_policy/p-guard',
    };
    const { fixes } = explain(denial, factsWith({ identity: [allow(['kms:D*', 'kms:G*'])] }));
    expect(fixes.map(({ layer, target, verified }) => [layer, target, verified])).toEqual([
      ['service-control-policy', denial.policyArn, false],
      ['identity-policy', ROLE, false],
      ['identity-policy', ROLE, false],
    ]);
    for (const { note } of fixes) expect(note).toContain('which these facts do not show');
    const silence = explain(silent('permissions boundary'), factsWith({ identity: [] })).fixes;
    expect(silence.map(({ layer, verified }) => [layer, verified])).toEqual([
      ['identity-policy', false],
      ['identity-policy', false],
    ]);
  });

  it('of a layer that may be what AWS says, what it is silent on besides is told too, under Sids of its own', () => {
    const tagged = allow('kms:CreateGrant', {
      Principal: '*',
      Condition: { StringEquals: { 'aws:PrincipalTag/team': 'response' } },
    });
    const { fixes } = explain(
      silent('resource-based policy'),
      factsWith({
        keyPolicy: [delegating(TARGET), tagged, allow(['kms:Des*', 'kms:Gen*', 'kms:Re*'], { Principal: '*' })],
      }),
    );
    expect(fixes.map(({ statement, verified }) => [statement?.Sid, statement?.Action, verified])).toEqual([
      ['AllowGrantsForAWSResources', 'kms:CreateGrant', false],
      ['AllowUseForAcquisition', 'kms:Decrypt', false],
    ]);
    const decrypt = refusal('because no resource-based policy allows the kms:Decrypt action', OWN_KEY, 'kms:Decrypt');
    const doubtful = { ...tagged, Action: 'kms:Decrypt' };
    const both = explain(
      decrypt,
      factsWith({
        keyPolicy: [delegating(TARGET), doubtful, allow(['kms:C*', 'kms:Gen*', 'kms:Re*'], { Principal: '*' })],
      }),
    ).fixes;
    expect(both.map(({ statement }) => [statement?.Sid, statement?.Action])).toEqual([
      ['AllowUseForAcquisition', 'kms:Decrypt'],
      ['AllowUseForAcquisition2', 'kms:DescribeKey'],
    ]);
  });

  it('of a deny that these facts do not show, the denies that they do show are told too', () => {
    const guard = deny('kms:Decrypt', { Sid: 'NoDecrypt' });
    const scp = known([{ target: 'r-abcd', policies: [named('p-guard', allow('*'), guard)] }]);
    const { fixes } = explain(explicit('a service control policy'), factsWith({ scp }));
    expect(fixes.map(({ layer, target, verified }) => [layer, target, verified])).toEqual([
      ['service-control-policy', OWN_KEY, false],
      ['service-control-policy', 'p-guard', false],
    ]);
    expect(fixes[0]?.note).toMatch(/^A statement denies kms:CreateGrant, /);
    expect(fixes[1]?.note).toMatch(/^Statement `NoDecrypt` of p-guard denies kms:Decrypt, /);
    for (const { note } of fixes) expect(note).toContain('which these facts do not show: nothing here is verified.');
  });

  it('that leaves the layer open is not taken to name one: a deny of the facts is told as theirs', () => {
    const denial = { ...explicit('a resource-based policy'), layer: null, explicit: false };
    const { fixes } = explain(
      denial,
      factsWith({ keyPolicy: [delegating(PLATFORM), deny('kms:*', { Principal: '*' })] }),
    );
    expect(fixes.map(({ layer, statement }) => [layer, statement])).toEqual([['key-policy', null]]);
    expect(fixes[0]?.note).not.toContain('AWS names');
  });

  it('of a state of the key that is over, nothing is verified either', () => {
    const denial = denialOf(`${OWN_KEY} is disabled.`, { action: 'kms:CreateGrant' });
    const { cause, fixes } = explain(denial, factsWith({ keyPolicy: [delegating(TARGET)] }));
    expect(cause).toBe('key-disabled');
    expect(fixes.map(({ layer, verified }) => [layer, verified])).toEqual([
      ['key-policy', false],
      ['key-policy', false],
    ]);
    const still = explain(denial, factsWith({ state: known('Disabled') })).fixes;
    expect(still.map(({ layer, verified }) => [layer, verified])).toEqual([['key-state', true]]);
  });

  it('a layer that refuses behind the one that AWS names is mended too', () => {
    const record = factsWith({ keyPolicy: [delegating(TARGET)], identity: [], boundary: [allow('ec2:*')] });
    const { fixes } = explain(silent('resource-based policy'), record);
    expect([...new Set(fixes.map(({ layer }) => layer))]).toEqual(['key-policy', 'permissions-boundary']);
    expect(fixes.every(({ verified }) => verified)).toBe(true);
  });
});

describe('words that leave the layer open', () => {
  const OPAQUE =
    'on this resource because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access';
  const opaque = (rest: object = {}) =>
    denialOf(`User: ${SESSION} is not authorized to perform: kms:DescribeKey ${OPAQUE}`, { keyArn: OWN_KEY, ...rest });

  it('are decided by the facts', () => {
    expect(explain(opaque(), factsWith({ keyPolicy: [delegating(TARGET)] }))).toMatchObject({
      decision: 'denied',
      cause: 'key-policy-silent',
      layer: 'key-policy',
    });
    const denied = explain(
      opaque(),
      factsWith({ keyPolicy: [delegating(PLATFORM), deny('kms:Describe*', { Principal: '*' })] }),
    );
    expect(denied).toMatchObject({ cause: 'key-policy-deny', explicit: true, statement: { index: 1 } });
    expect(denied.explanation).toContain('It is statement 1 of the key policy.');
  });

  it('that refuse somebody are not decided by the state of the key, which is told besides', () => {
    const record = factsWith({ state: known('PendingDeletion'), keyPolicy: [delegating(TARGET)] });
    const diagnosis = explain(opaque(), record);
    expect(diagnosis).toMatchObject({ cause: 'key-policy-silent', layer: 'key-policy' });
    expect(diagnosis.explanation).toContain('Besides, the key waits for its deletion');
    expect(explain(opaque(), factsWith({ state: known('NotFound') })).cause).toBe('key-not-found');
  });

  it('and facts that let it pass are undetermined, and say that they do not agree', () => {
    const diagnosis = explain(opaque(), factsWith());
    expect(diagnosis).toMatchObject({ decision: 'undetermined', cause: 'undetermined', layer: null, fixes: [] });
    expect(diagnosis.explanation).toContain('every layer lets it pass');
    expect(diagnosis.missing).toEqual(['what the request carried, or what has changed since']);
  });

  it('and facts that are not known are undetermined, with what is missing', () => {
    const diagnosis = explain(opaque(), factsWith({ keyPolicy: NOT_READ }));
    expect(diagnosis.decision).toBe('undetermined');
    expect(diagnosis.explanation).toContain('its words do not tell which layer refused');
    expect(diagnosis.missing).toEqual(['the key policy: kms:GetKeyPolicy was refused to Unlatch']);
  });

  it.each([
    'Client.InvalidKMSKey.InvalidState: The KMS key provided is in an incorrect state',
    'Given key ID is not accessible',
    'Volume vol-0a1b2c3d4e5f60718 cannot be attached. The encrypted volume was unable to access the KMS key.',
  ])('`%s` with an enabled key is a permission: the first of the acquisition that is refused', (message) => {
    const denial = denialOf(message, { keyArn: OWN_KEY });
    const record = factsWith({ identity: [allow(['kms:D*', 'kms:Gen*', 'kms:ReEncrypt*'])] });
    const diagnosis = explain(denial, record);
    expect(diagnosis).toMatchObject({ cause: 'identity-policy-silent', layer: 'identity-policy' });
    expect(diagnosis.explanation).toContain('kms:CreateGrant');
    expect(explain(denial, factsWith({ state: known('Disabled') })).cause).toBe('key-disabled');
  });
});

describe('a condition that does not hold', () => {
  const defaultKey = (via: string) => [
    allow(
      ['kms:CreateGrant', 'kms:Decrypt', 'kms:DescribeKey', 'kms:Encrypt', 'kms:GenerateDataKey*', 'kms:ReEncrypt*'],
      {
        Sid: 'AllowThroughEbs',
        Principal: { AWS: '*' },
        Condition: { StringEquals: { 'kms:ViaService': via, 'kms:CallerAccount': PLATFORM } },
      },
    ),
  ];

  it('is told with its key, and what the request carries there', () => {
    const record = factsWith({ manager: 'AWS', keyPolicy: defaultKey('ec2.eu-west-1.amazonaws.com') });
    const diagnosis = wouldBe(record);
    expect(diagnosis).toMatchObject({ decision: 'denied', cause: 'key-policy-silent' });
    expect(diagnosis.explanation).toContain(
      `Statement \`AllowThroughEbs\` of the key policy would allow it, but for its condition on \`kms:ViaService\`, where the request carries \`${VIA}\`.`,
    );
  });

  it('is not told where it holds: the default key serves its Region without IAM', () => {
    const record = factsWith({ manager: 'AWS', keyPolicy: defaultKey(VIA), identity: [] });
    expect(wouldBe(record)).toMatchObject({
      decision: 'allowed',
      cause: null,
      layer: null,
      statement: { policy: 'the key policy', sid: 'AllowThroughEbs', index: 0 },
      fixes: [],
    });
  });

  it('on a key that the request does not carry is told so, and one that is not known too', () => {
    const on = (condition: object) =>
      wouldBe(factsWith({ identity: [allow('kms:*', { Condition: condition })] }), 'kms:DescribeKey').explanation;
    expect(on({ StringEquals: { 'kms:RequestAlias': 'alias/a', 'kms:GranteePrincipal': 'b' } })).toContain(
      'but for its condition on `kms:GranteePrincipal`, which the request does not carry.',
    );
  });

  it('at most three are told', () => {
    const via = { Condition: { StringEquals: { 'kms:ViaService': 's3.eu-west-3.amazonaws.com' } } };
    const { explanation } = wouldBe(factsWith({ identity: Array.from({ length: 5 }, () => allow('kms:*', via)) }));
    expect(explanation.match(/would allow it/g)).toHaveLength(3);
  });
});

describe('the aliases of the key', () => {
  const temporary = allow('kms:ScheduleKeyDeletion', {
    Condition: {
      'ForAllValues:StringLike': { 'kms:ResourceAliases': ['alias/CadoResponse-KMS-Alias*'] },
      'ForAnyValue:StringLike': { 'kms:ResourceAliases': ['alias/CadoResponse-KMS-Alias*'] },
    },
  });
  const decide = (aliases: FactsRecord['key']['aliases']) => {
    const record = factsWith({ identity: [temporary] });
    return wouldBe({ ...record, key: { ...record.key, aliases } }, 'kms:ScheduleKeyDeletion').decision;
  };
  it('are part of what every request carries: a key that has lost its alias is out of reach', () => {
    expect(decide(known(['alias/CadoResponse-KMS-Alias-7']))).toBe('allowed');
    expect(decide(known(['alias/CadoResponse-KMS-Alias-7', 'alias/payments']))).toBe('denied');
    expect(decide(known([]))).toBe('denied');
    expect(decide(unknown('kms:ListAliases was refused to Unlatch'))).toBe('undetermined');
  });
});

describe('the role that is linked to KMS', () => {
  const LINKED = `arn:aws:iam::${PLATFORM}:role/aws-service-role/mrk.kms.amazonaws.com/AWSServiceRoleForKeyManagementServiceMultiRegionKeys`;
  const denial = refusal(
    'because no identity-based policy allows the iam:CreateServiceLinkedRole action',
    LINKED,
    'iam:CreateServiceLinkedRole',
  );

  it('is a cause of its own, and its fix the one-time statement', () => {
    const diagnosis = explain(denial, factsWith());
    expect(diagnosis).toMatchObject({
      cause: 'service-linked-role-not-allowed',
      layer: 'identity-policy',
      decision: 'denied',
    });
    expect(diagnosis.fixes).toMatchObject([
      { verified: true, statement: { Action: 'iam:CreateServiceLinkedRole', Resource: LINKED } },
    ]);
  });

  it('is not asked of words that name no role', () => {
    expect(questionOf({ ...denial, message: 'iam:CreateServiceLinkedRole' })).toBeNull();
  });
});

describe('the question behind a refusal', () => {
  it('is none where nobody, or no key, is named', () => {
    const denial = silent('resource-based policy');
    expect(questionOf({ ...denial, principal: null })).toBeNull();
    expect(questionOf({ ...denial, keyArn: null })).toBeNull();
  });

  it.each([
    { name: 'through EC2', rest: {}, via: VIA },
    { name: 'in a notification, which names no service', rest: { via: null, inCall: true }, via: VIA },
    { name: 'after a call', rest: { via: null, inCall: false }, via: VIA },
    { name: 'by the role itself', rest: { via: null, inCall: null }, via: null },
  ])('carries the service that asked: $name', ({ rest, via }) => {
    const question = questionOf({ ...silent('resource-based policy'), ...rest });
    expect(question?.context).toEqual({ 'kms:ViaService': via, 'aws:CurrentTime': '2026-03-02T03:00:32Z' });
  });

  it('leaves a service open that is neither EC2 nor EBS', () => {
    const question = questionOf({ ...silent('resource-based policy'), via: 'rds.amazonaws.com' });
    expect(question?.context).toEqual({ 'aws:CurrentTime': '2026-03-02T03:00:32Z' });
  });

  it('leaves facts of somebody else out', () => {
    const record = factsWith({ keyPolicy: [delegating(TARGET)] });
    const other = { ...record, principal: { ...record.principal, arn: `arn:aws:iam::${TARGET}:role/other` } };
    const { fixes } = explain({ ...silent('resource-based policy'), roleArn: null }, other);
    expect(fixes.map(({ statement }) => statement?.Principal)).toEqual([{ AWS: ROLE }, { AWS: ROLE }]);
    expect(fixes[0]?.note).toContain("The role's path is not known");
    expect(fixes.some(({ verified }) => verified)).toBe(false);
  });

  const actionsAsked = (denial: Denial) => {
    const question = questionOf(denial);
    return question === null ? [] : requestsOf(question).all.map(({ action }) => action);
  };

  it('asks all that the acquisition asks of a key of the own account: what was refused first, each kind of grant once', () => {
    expect(actionsAsked(refusal('because no identity-based policy allows it', OWN_KEY, 'kms:ReEncryptTo'))).toEqual([
      'kms:ReEncryptTo',
      'kms:CreateGrant',
      'kms:DescribeKey',
      'kms:GenerateDataKeyWithoutPlaintext',
      'kms:ReEncryptFrom',
      'kms:CreateGrant',
      'kms:CreateGrant',
      'kms:Decrypt',
    ]);
  });

  it('asks of the key of another account what is asked of a source, where that is told', () => {
    const source = { via: 'prod.kms-caller.ebs.eu-west-3.amazonaws.com', inCall: false };
    expect(actionsAsked({ ...silent('resource-based policy', FOREIGN_KEY), ...source })).toEqual([
      'kms:CreateGrant',
      'kms:ReEncryptFrom',
    ]);
    expect(
      actionsAsked(refusal('because no resource-based policy allows it', FOREIGN_KEY, 'kms:ReEncryptFrom')),
    ).toEqual(['kms:ReEncryptFrom', 'kms:CreateGrant']);
  });

  it('asks of the key of another account what is asked of a target, where EC2 makes the grant itself', () => {
    expect(new Set(actionsAsked(silent('resource-based policy', FOREIGN_KEY)))).toEqual(
      new Set([
        'kms:CreateGrant',
        'kms:DescribeKey',
        'kms:GenerateDataKeyWithoutPlaintext',
        'kms:ReEncryptTo',
        'kms:Decrypt',
      ]),
    );
  });

  it('asks an action that no acquisition asks alone', () => {
    const asked = refusal('because no identity-based policy allows it', OWN_KEY, 'kms:ScheduleKeyDeletion');
    expect(actionsAsked(asked)).toEqual(['kms:ScheduleKeyDeletion']);
  });

  it('asks what EBS direct asks, where that was refused', () => {
    const denial = {
      ...refusal('because no identity-based policy allows it', OWN_KEY, 'kms:Decrypt'),
      via: 'ebs.amazonaws.com',
    };
    expect(actionsAsked(denial)).toEqual(['kms:Decrypt', 'kms:DescribeKey', 'kms:GenerateDataKey']);
    expect(actionsAsked(refusal('because no identity-based policy allows it', OWN_KEY, 'kms:GenerateDataKey'))).toEqual(
      ['kms:GenerateDataKey', 'kms:DescribeKey', 'kms:Decrypt'],
    );
  });

  it('asks the one action of a role that calls KMS itself', () => {
    expect(actionsAsked({ ...silent('resource-based policy'), via: null, inCall: null })).toEqual(['kms:CreateGrant']);
  });
});

it('a diagnosis of nothing is undetermined', () => {
  expect(diagnose(null, null, factsWith())).toMatchObject({
    decision: 'undetermined',
    missing: ['an action, a key and a principal'],
    trace: [],
  });
});

it('a diagnosis without a refusal says whether KMS would refuse', () => {
  expect(wouldBe(factsWith({ keyPolicy: NOT_READ })).explanation).toBe(
    `Whether KMS allows kms:CreateGrant on ${OWN_KEY} to ${ROLE} cannot be told.`,
  );
  expect(wouldBe(factsWith()).explanation).toBe(
    `KMS allows kms:CreateGrant on ${OWN_KEY} to ${ROLE}, by statement 0 of the key policy.`,
  );
  expect(wouldBe(factsWith({ state: known('Disabled') })).explanation).toBe(
    `KMS refuses kms:CreateGrant on ${OWN_KEY} to ${ROLE}: the key is disabled; it can be enabled again.`,
  );
});
