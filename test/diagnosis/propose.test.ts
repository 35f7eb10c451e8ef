import { describe, expect, it } from 'vitest';
import { diagnose } from '#shared/diagnosis/diagnose';
import type { FactsRecord } from '#shared/diagnosis/facts-record';
import { questionAsked } from '#shared/diagnosis/question';
import type { ContextRecord } from '#shared/policy/context';
import { known, unknown } from '#shared/policy/known';
import {
  allow,
  delegating,
  deny,
  FOREIGN_KEY,
  factsWith,
  named,
  OWN_KEY,
  principal,
  ROLE,
  SESSION,
  TARGET,
  VIA,
} from './facts.ts';

interface Asked {
  readonly who?: string;
  readonly action?: string | null;
  readonly resource?: string;
  readonly context?: ContextRecord;
}

/** Without a refusal: the whole acquisition, unless an action is named that the role calls itself. */
const fixesFor = (
  record: FactsRecord,
  { who = ROLE, action = null, resource = OWN_KEY, context = { 'kms:ViaService': VIA } }: Asked = {},
) => diagnose(null, questionAsked({ principal: principal(who), action, resource, context }), record).fixes;

const BY_ITSELF = { 'kms:ViaService': null };
const EVERYTHING = ['kms:CreateGrant', 'kms:Decrypt', 'kms:DescribeKey', 'kms:GenerateDataKey*', 'kms:ReEncrypt*'];
const but = (...actions: readonly string[]) => EVERYTHING.filter((action) => !actions.includes(action));

/** Facts about a role of which only the session was seen, so that its path is not known. */
const pathUnknown = (record: FactsRecord): FactsRecord => ({
  ...record,
  principal: { ...record.principal, arn: null },
});
const managerUnknown = (record: FactsRecord): FactsRecord => ({
  ...record,
  key: { ...record.key, manager: unknown('not given') },
});

const NO_MANAGER = 'It is not known who manages the key: the policy of a key that AWS manages cannot be edited.';
const NO_PATH = "The role's path is not known: if it has one, it belongs into the role's ARN.";

describe('a layer is asked for what it is silent on itself', () => {
  const changes = (record: FactsRecord) =>
    fixesFor(record).map(({ layer, statement }) => [layer, statement?.Action ?? null]);

  it('and not for what another layer refuses', () => {
    const record = factsWith({ identity: [allow(but('kms:CreateGrant'))], boundary: [allow(but('kms:Decrypt'))] });
    expect(changes(record)).toEqual([
      ['identity-policy', 'kms:CreateGrant'],
      ['permissions-boundary', 'kms:Decrypt'],
    ]);
  });

  it('and not for what a statement of its own denies, until the deny is told', () => {
    const record = factsWith({ identity: [allow(but('kms:CreateGrant', 'kms:Decrypt')), deny('kms:Decrypt')] });
    expect(changes(record)).toEqual([
      ['identity-policy', 'kms:CreateGrant'],
      ['identity-policy', null],
      ['identity-policy', 'kms:Decrypt'],
    ]);
  });

  it('also behind a deny of its own: it binds as before', () => {
    const record = factsWith({ boundary: [allow(but('kms:CreateGrant', 'kms:Decrypt')), deny('kms:CreateGrant')] });
    expect(changes(record)).toEqual([
      ['permissions-boundary', null],
      ['permissions-boundary', 'kms:Decrypt'],
      ['permissions-boundary', 'kms:CreateGrant'],
    ]);
  });
});

describe('what it all comes to is told with each fix', () => {
  it.each<{ readonly name: string; readonly record: FactsRecord; readonly asked?: Asked; readonly says: string }>([
    {
      name: 'the acquisition is allowed',
      record: factsWith({ identity: [allow(but('kms:Decrypt'))] }),
      says: 'Re-simulated: with all that is listed here, all that the acquisition asks of this key is allowed.',
    },
    {
      name: 'the one request is allowed',
      record: factsWith({ identity: [] }),
      asked: { action: 'kms:ScheduleKeyDeletion', context: BY_ITSELF },
      says: 'Re-simulated: with all that is listed here, the request is allowed.',
    },
    {
      name: 'the one request would be allowed without a deny',
      record: factsWith({ identity: [allow('kms:*'), deny('kms:ScheduleKeyDeletion')] }),
      asked: { action: 'kms:ScheduleKeyDeletion', context: BY_ITSELF },
      says: 'Re-simulated: without what denies, the request would be allowed.',
    },
    {
      name: 'two things would have to be known',
      record: {
        ...factsWith({ identity: [], session: unknown('nobody reads them back') }),
        vpcEndpointPolicy: unknown('not given'),
      },
      asked: { action: 'kms:ScheduleKeyDeletion', context: BY_ITSELF },
      says: 'Re-simulated: whether kms:ScheduleKeyDeletion is then allowed cannot be told without the session policies: nobody reads them back; the VPC endpoint policy: not given.',
    },
    {
      name: 'a statement that is to be added is itself in doubt',
      record: pathUnknown(
        factsWith({ scp: known([{ target: 'r-abcd', policies: [named('Narrow', allow(but('kms:Decrypt')))] }]) }),
      ),
      asked: { who: SESSION },
      says: `Re-simulated: whether kms:Decrypt is then allowed cannot be told without the context key \`aws:PrincipalArn\`, for statement \`AllowUseForAcquisition\` of the fix. ${NO_PATH}`,
    },
  ])('$name', ({ record, asked, says }) => {
    const fixes = fixesFor(record, asked);
    expect(fixes).toHaveLength(1);
    expect(fixes[0]?.note).toMatch(/^\S.+\. Re-simulated:/);
    expect(fixes[0]?.note.slice(fixes[0].note.indexOf('Re-simulated'))).toBe(says);
  });

  it('of many denies sixteen are told, and that the next refuses', () => {
    const denies = Array.from({ length: 17 }, (_, index) => deny('kms:CreateGrant', { Sid: `Guard${index}` }));
    const fixes = fixesFor(factsWith({ identity: [allow('kms:*'), ...denies] }));
    expect(fixes).toHaveLength(16);
    for (const { note, verified } of fixes) {
      expect(note).toContain('Re-simulated: kms:CreateGrant is refused next, by the identity policy.');
      expect(verified).toBe(false);
    }
  });
});

describe('a change that does not help', () => {
  const withoutHelp = { 'kms:ViaService': VIA, 'kms:GrantIsForAWSResource': 'false' };
  it.each([
    {
      layer: 'key policy',
      parts: { keyPolicy: [delegating(TARGET), allow(but('kms:CreateGrant'), { Principal: '*' })] },
    },
    { layer: 'identity policy', parts: { identity: [allow(but('kms:CreateGrant'))] } },
  ])('is proposed once, unverified, and that the $layer still refuses is told', ({ layer, parts }) => {
    const fixes = fixesFor(factsWith(parts), { action: 'kms:CreateGrant', context: withoutHelp });
    expect(fixes.map(({ statement, verified }) => [statement?.Sid, verified])).toEqual([
      ['AllowGrantsForAWSResources', false],
    ]);
    expect(fixes[0]?.note).toContain(`Re-simulated: kms:CreateGrant is refused next, by the ${layer}.`);
  });
});

describe('what no policy tells', () => {
  it.each<{
    readonly name: string;
    readonly record: FactsRecord;
    readonly asked?: Asked;
    readonly caveats: readonly string[];
    readonly verified: boolean;
  }>([
    {
      name: 'who manages the key is asked where its policy is to be edited',
      record: managerUnknown(factsWith({ keyPolicy: [delegating(TARGET)] })),
      caveats: [NO_MANAGER],
      verified: false,
    },
    {
      name: 'who manages the key is asked where its policy is only one of those to be edited',
      record: managerUnknown(factsWith({ keyPolicy: [delegating(TARGET)], identity: [] })),
      asked: { resource: FOREIGN_KEY },
      caveats: [NO_MANAGER],
      verified: false,
    },
    {
      name: 'who manages the key is no matter where IAM is to be edited',
      record: managerUnknown(factsWith({ identity: [] })),
      caveats: [],
      verified: true,
    },
    {
      name: 'who manages the key is no matter where a deny of its policy is told',
      record: managerUnknown(
        factsWith({
          keyPolicy: [delegating(TARGET), allow('kms:*', { Principal: '*' }), deny('kms:Decrypt', { Principal: '*' })],
        }),
      ),
      caveats: [],
      verified: false,
    },
    {
      name: "the role's path is asked where a statement names the role",
      record: pathUnknown(factsWith({ keyPolicy: [delegating(TARGET)] })),
      asked: { who: SESSION },
      caveats: [NO_PATH],
      verified: false,
    },
    {
      name: "the role's path is no matter where the key is only to be enabled",
      record: pathUnknown(factsWith({ state: known('Disabled') })),
      asked: { who: SESSION },
      caveats: [],
      verified: true,
    },
    {
      name: 'a user has its path in its ARN',
      record: pathUnknown(factsWith({ identity: [] })),
      asked: { who: 'arn:aws:iam::111122223333:user/responders/ada' },
      caveats: [],
      verified: true,
    },
  ])('$name', ({ record, asked, caveats, verified }) => {
    const fixes = fixesFor(record, asked);
    expect(fixes.length).toBeGreaterThan(0);
    for (const { note, verified: isVerified } of fixes) {
      expect([NO_MANAGER, NO_PATH].filter((caveat) => note.includes(caveat))).toEqual(caveats);
      expect(isVerified).toBe(verified);
    }
  });
});
