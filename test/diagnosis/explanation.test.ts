import { describe, expect, it } from 'vitest';
import { diagnose } from '#shared/diagnosis/diagnose';
import type { FactsRecord } from '#shared/diagnosis/facts-record';
import { questionAsked, questionOf } from '#shared/diagnosis/question';
import type { ContextRecord } from '#shared/policy/context';
import { known, unknown } from '#shared/policy/known';
import { readDenialMessage } from '#shared/signal/denial-message';
import { Denial } from '#shared/signal/signal';
import {
  allow,
  delegating,
  deny,
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

/** A refusal through EC2, in AWS's words. */
const denialOf = (message: string, rest: object = {}): Denial =>
  Denial.parse({
    action: null,
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

const refusal = (because: string, action = 'kms:CreateGrant') =>
  denialOf(`User: ${SESSION} is not authorized to perform: ${action} on resource: ${OWN_KEY} ${because}`);
const silent = (words: string) => refusal(`because no ${words} allows the kms:CreateGrant action`);
const explicit = (words: string) => refusal(`with an explicit deny in ${words}`);
const OPAQUE =
  'because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access';
const opaque = (action = 'kms:CreateGrant') => refusal(OPAQUE, action);

/** What AWS's words tell with no policy beside them. */
const alone = (denial: Denial, record: FactsRecord = factsWith()) => diagnose(denial, null, record);
const beside = (denial: Denial, record: FactsRecord) => diagnose(denial, questionOf(denial), record);
const wouldBe = (record: FactsRecord, action = 'kms:CreateGrant', context: ContextRecord = { 'kms:ViaService': VIA }) =>
  diagnose(null, questionAsked({ principal: principal(ROLE), action, resource: OWN_KEY, context }), record);

const REFUSED = `KMS refused kms:CreateGrant on ${OWN_KEY} to ${SESSION}`;
const CAVEAT =
  ' A condition that does not match (kms:ViaService, the encryption context) reads exactly like a missing allow.';
const SINCE = 'It has changed since, or the request carried something that is not known here.';
const IDENTITY_SILENT = 'no IAM policy of the role allows it, and the key policy alone does not.';
const NO_POLICY_NAMED = `${REFUSED}; its words do not tell which layer refused.`;

const guardedBy = (Sid: string, Condition: object) => allow('kms:*', { Sid, Condition });
const LINKED = `arn:aws:iam::${PLATFORM}:role/aws-service-role/mrk.kms.amazonaws.com/AWSServiceRoleForKeyManagementServiceMultiRegionKeys`;

describe('an explanation is one line of sentences', () => {
  it.each([
    {
      name: 'of a silence, with the caveat that conditions read alike where nothing was read',
      told: alone(silent('identity-based policy')),
      is: `${REFUSED}: ${IDENTITY_SILENT}${CAVEAT}`,
    },
    {
      name: 'of a silence that the facts show, without it',
      told: beside(silent('identity-based policy'), factsWith({ identity: [] })),
      is: `${REFUSED}: ${IDENTITY_SILENT}`,
    },
    {
      name: 'of a deny, with the policy that AWS names, and the key that is disabled besides',
      told: alone(
        { ...explicit('an identity-based policy'), policyArn: `arn:aws:iam::${PLATFORM}:policy/Guard` },
        factsWith({ state: known('Disabled') }),
      ),
      is: `${REFUSED}: an IAM policy of the role denies it. AWS names the policy arn:aws:iam::${PLATFORM}:policy/Guard. Besides, the key is disabled; it can be enabled again.`,
    },
    {
      name: 'of a deny that the facts show, with its statement',
      told: beside(
        explicit('an identity-based policy'),
        factsWith({ identity: [allow('kms:*'), deny('kms:CreateGrant', { Sid: 'NoGrants' })] }),
      ),
      is: `${REFUSED}: an IAM policy of the role denies it. It is statement \`NoGrants\` of acquire.`,
    },
    {
      name: 'of words that leave the layer open, with what the facts show',
      told: beside(opaque(), factsWith({ keyPolicy: [delegating(TARGET)] })),
      is: `${REFUSED}: the key policy neither allows the role nor leaves the decision to IAM, and no grant does.`,
    },
    {
      name: 'of words that leave the layer open, with the state of the key where that alone stops it',
      told: beside(opaque(), factsWith({ state: known('Disabled') })),
      is: `${REFUSED}: the key is disabled; it can be enabled again.`,
    },
    {
      name: 'of words that leave the layer open, with nothing more where nothing was read',
      told: alone(opaque()),
      is: NO_POLICY_NAMED,
    },
    {
      name: 'of words that leave the layer open, with nothing more where too little is known',
      told: beside(opaque(), factsWith({ keyPolicy: unknown('not read') })),
      is: NO_POLICY_NAMED,
    },
    {
      name: 'of words that leave the layer open, with a doubt where the facts let it pass',
      told: beside(opaque(), factsWith()),
      is: `${REFUSED}, and the facts do not agree: as they are read now, every layer lets it pass. ${SINCE}`,
    },
    {
      name: 'of a key that is in a bad state now',
      told: alone(denialOf(`${OWN_KEY} is disabled.`), factsWith({ state: known('PendingDeletion') })),
      is: `KMS refused an action it does not name on ${OWN_KEY} to ${SESSION}: the key waits for its deletion; cancel that, then enable the key.`,
    },
    {
      name: 'of a key that was in a bad state then, and is well',
      told: alone(denialOf(`${OWN_KEY} is disabled.`)),
      is: `KMS refused an action it does not name on ${OWN_KEY} to ${SESSION}: the key is disabled; it can be enabled again. That was then: by now the key is Enabled.`,
    },
    {
      name: 'of a key that was in a bad state then, and could not be described since',
      told: alone(denialOf(`${OWN_KEY} is disabled.`), factsWith({ state: unknown('not read') })),
      is: `KMS refused an action it does not name on ${OWN_KEY} to ${SESSION}: the key is disabled; it can be enabled again.`,
    },
    {
      name: 'of a role that IAM would not make, which IAM refused and not KMS',
      told: alone(
        denialOf(
          `User: ${SESSION} is not authorized to perform: iam:CreateServiceLinkedRole on resource: ${LINKED} because no identity-based policy allows the iam:CreateServiceLinkedRole action`,
        ),
      ),
      is: `IAM refused iam:CreateServiceLinkedRole on a key it does not name to ${SESSION}: no IAM policy of the role allows it, which the first multi-Region key of an account needs once.${CAVEAT}`,
    },
    {
      name: 'of a snapshot under the default key',
      told: alone(denialOf('Encrypted snapshots with EBS default key cannot be shared')),
      is: 'EC2 refused to share the snapshot: a snapshot under the AWS managed key aws/ebs cannot be shared, and that key policy cannot be edited.',
    },
    {
      name: 'of a question without a refusal, in the present',
      told: wouldBe(factsWith({ identity: [] })),
      is: `KMS refuses kms:CreateGrant on ${OWN_KEY} to ${ROLE}: ${IDENTITY_SILENT}`,
    },
    {
      name: 'of what a grant allows, without a statement',
      told: wouldBe(
        factsWith({
          keyPolicy: [delegating(TARGET)],
          grants: [{ GrantId: 'g', GranteePrincipal: ROLE, Operations: ['DescribeKey'] }],
        }),
        'kms:DescribeKey',
      ),
      is: `KMS allows kms:DescribeKey on ${OWN_KEY} to ${ROLE}.`,
    },
    {
      name: 'of what is allowed although the key is disabled, which does not stop it',
      told: wouldBe(factsWith({ state: known('Disabled') }), 'kms:DescribeKey'),
      is: `KMS allows kms:DescribeKey on ${OWN_KEY} to ${ROLE}, by statement 0 of the key policy.`,
    },
    {
      name: 'of nothing',
      told: diagnose(null, null, factsWith()),
      is: 'Nothing was asked that could be put to the facts.',
    },
  ])('$name', ({ told, is }) => {
    expect(told.explanation).toBe(is);
  });
});

describe('where the facts do not agree with AWS, they are told as they are', () => {
  it.each([
    {
      name: 'a deny where the layer is silent',
      denial: explicit('an identity-based policy'),
      record: factsWith({ identity: [] }),
      says: 'the identity policy is silent',
    },
    {
      name: 'a silence where the layer allows',
      denial: silent('identity-based policy'),
      record: factsWith(),
      says: 'the identity policy allows it',
    },
    {
      name: 'a silence that refuses nothing, because the key policy names the role by now',
      denial: silent('identity-based policy'),
      record: factsWith({ identity: [], keyPolicy: [allow('kms:*', { Principal: { AWS: ROLE } })] }),
      says: 'the identity policy is silent, and KMS allows it all the same',
    },
  ])('$name', ({ denial, record, says }) => {
    const words = denial.explicit ? 'an IAM policy of the role denies it.' : IDENTITY_SILENT;
    expect(beside(denial, record).explanation).toBe(
      `${REFUSED}: ${words} The facts do not agree: as they are read now, ${says}. ${SINCE}`,
    );
  });
});

describe('a condition that does not hold', () => {
  it('is told of every key on which the statement fails, and of every such statement', () => {
    const identity = [
      guardedBy('ForS3', {
        StringEquals: { 'kms:ViaService': 's3.eu-west-3.amazonaws.com', 'kms:RequestAlias': 'alias/evidence' },
      }),
      guardedBy('ForStrangers', { StringEquals: { 'kms:CallerAccount': TARGET } }),
    ];
    expect(wouldBe(factsWith({ identity })).explanation).toBe(
      [
        `KMS refuses kms:CreateGrant on ${OWN_KEY} to ${ROLE}: ${IDENTITY_SILENT}`,
        `Statement \`ForS3\` of acquire would allow it, but for its condition on \`kms:ViaService\`, where the request carries \`${VIA}\`, and on \`kms:RequestAlias\`, which the request does not carry.`,
        `Statement \`ForStrangers\` of acquire would allow it, but for its condition on \`kms:CallerAccount\`, where the request carries \`${PLATFORM}\`.`,
      ].join(' '),
    );
  });

  it('is told without a value where it fails whatever the value: a grant that the role makes itself', () => {
    const identity = [guardedBy('ForServices', { Bool: { 'kms:GrantIsForAWSResource': 'true' } })];
    const { explanation } = wouldBe(factsWith({ identity }), 'kms:CreateGrant', { 'kms:ViaService': null });
    expect(explanation).toContain(
      'but for its condition on `kms:GrantIsForAWSResource`, of which the value is not known.',
    );
  });

  it('is told beside a silence that AWS names, and not beside a deny', () => {
    const identity = [guardedBy('ForStrangers', { StringEquals: { 'kms:CallerAccount': TARGET } })];
    const of = (denial: Denial) => beside(denial, factsWith({ identity })).explanation;
    expect(of(silent('identity-based policy'))).toContain('Statement `ForStrangers` of acquire would allow it');
    expect(of(explicit('an identity-based policy'))).not.toContain('would allow it');
  });
});

describe('what is missing', () => {
  /** As many statements as keys of the request's context that nobody knows. */
  const withOpenKeys = (count: number) =>
    factsWith({
      identityPolicies: known([
        named(
          'acquire',
          ...Array.from({ length: count }, (_, index) =>
            guardedBy(`By${index}`, { StringEquals: { [`aws:PrincipalTag/case${index}`]: 'open' } }),
          ),
        ),
      ]),
    });
  const missingWith = (count: number) => wouldBe(withOpenKeys(count)).missing;

  it('is listed up to twenty, and counted from there', () => {
    expect(missingWith(20)).toHaveLength(20);
    expect(missingWith(20).at(-1)).toBe('the context key `aws:PrincipalTag/case19`, for statement `By19` of acquire');
    expect(missingWith(23)).toEqual([...missingWith(20), '3 more']);
  });
});
