import { describe, expect, it, vi } from 'vitest';
import type { PolicyDocument } from '#local/account/state';
import { loadMember } from '#local/template/member';
import { loadTemplate } from '#local/template/template';
import { type Asked, allowedWhile, decisionBy } from './asked.ts';
import { grantedBy } from './granted.ts';
import { everythingRehearsed } from './rehearsed.ts';
import { unseen } from './unseen.ts';

vi.mock(import('#local/account/guest'), () => import('../case/quick-guest.ts'));

const OWN = '111122223333';
const MEMBERS = ['444455556666', '777788889999'] as const;
const REGION = 'eu-west-3';

/** Everything that a parameter can open. */
const shared = { SweepPlatformKeys: 'true', PlatformAccountId: '777788889999' };
const template = loadTemplate(
  'template.yaml',
  {
    ...shared,
    DryRun: 'false',
    EvidenceKeyArn: `arn:aws:kms:${REGION}:${OWN}:key/0e51dce0-9a1b-4c2d-8e3f-5a6b7c8d9e0f`,
  },
  { accountId: OWN, region: REGION, stackName: 'unlatch' },
);
const memberIn = (accountId: string) =>
  loadMember(
    'member-template.yaml',
    {
      ...shared,
      UnlatchAccountId: OWN,
      UnlatchRegion: REGION,
      ExternalId: 'rehearsal',
      HomeRegion: REGION,
      RetirePermission: 'true',
    },
    { accountId, region: REGION },
  );

interface Holder {
  readonly name: string;
  readonly account: string;
  readonly role: string;
  readonly policies: readonly PolicyDocument[];
}

const holders: readonly Holder[] = [
  ...template.functions.map(({ folder, logicalId, policies }) => ({
    name: folder,
    account: OWN,
    role: `unlatch-${logicalId}Role`,
    policies,
  })),
  ...MEMBERS.map((account) => ({
    name: 'member',
    account,
    role: 'UnlatchMember',
    policies: memberIn(account).policies,
  })),
];

let asked: readonly Asked[] = [];
const askedBy = ({ role, account }: Holder): readonly Asked[] =>
  asked.filter((one) => one.role === role && one.principal.includes(`::${account}:`));

describe('the permissions of the templates', () => {
  it('let Unlatch do everything that it does', { timeout: 900_000 }, async () => {
    asked = await allowedWhile(everythingRehearsed);
    const refused = holders.flatMap((holder) =>
      askedBy(holder)
        .filter((one) => decisionBy(one, holder.policies) !== 'allowed')
        .map(({ action, resource }) => `${holder.name}: ${action} on ${resource}`),
    );
    expect(asked.length).toBeGreaterThan(700);
    expect(refused).toEqual([]);
  });

  it('let it do nothing that it does not do, but for what is listed with its reason', () => {
    const [first] = MEMBERS;
    const idle = holders
      .filter(({ account }) => account === OWN || account === first)
      .flatMap((holder) =>
        grantedBy(holder.policies)
          .filter(
            ({ action, alone }) =>
              !askedBy(holder).some((one) => one.action === action && decisionBy(one, [alone]) === 'allowed'),
          )
          .map(({ sid, action }) => `${holder.name} ${sid} ${action}`),
      );
    expect(idle.sort()).toEqual(Object.keys(unseen).sort());
  });
});
