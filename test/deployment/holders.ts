import type { PolicyDocument } from '#local/account/state';
import { loadMember } from '#local/template/member';
import { loadTemplate } from '#local/template/template';

export const OWN = '111122223333';
export const MEMBERS = ['444455556666', '777788889999'] as const;
export const REGION = 'eu-west-3';

/** Everything that a parameter can open. */
const shared = { SweepPlatformKeys: 'true', PlatformAccountId: '777788889999' };
export const EVERY_PARAMETER = {
  ...shared,
  DryRun: 'false',
  EvidenceKeyArn: `arn:aws:kms:${REGION}:${OWN}:key/0e51dce0-9a1b-4c2d-8e3f-5a6b7c8d9e0f`,
  OrganizationId: 'o-a1b2c3d4e5',
} as const;
const MEMBER_PARAMETERS = {
  ...shared,
  UnlatchAccountId: OWN,
  UnlatchRegion: REGION,
  ExternalId: 'rehearsal',
  HomeRegion: REGION,
  RetirePermission: 'true',
} as const;

export const templateAt = (path = 'template.yaml') =>
  loadTemplate(path, EVERY_PARAMETER, { accountId: OWN, region: REGION, stackName: 'unlatch' });
export const memberAt = (accountId: string, path = 'member-template.yaml') =>
  loadMember(path, MEMBER_PARAMETERS, { accountId, region: REGION });

/** A role of Unlatch and what it may do. */
export interface Holder {
  readonly name: string;
  readonly account: string;
  readonly role: string;
  readonly policies: readonly PolicyDocument[];
}

/** Every role of Unlatch: one a function, and one in each member account. */
export const holdersOf = (template?: string, member?: string): readonly Holder[] => [
  ...templateAt(template).functions.map(({ folder, logicalId, policies }) => ({
    name: folder,
    account: OWN,
    role: `unlatch-${logicalId}Role`,
    policies,
  })),
  ...MEMBERS.map((account) => ({
    name: 'member',
    account,
    role: 'UnlatchMember',
    policies: memberAt(account, member).policies,
  })),
];
