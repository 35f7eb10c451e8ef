import * as z from 'zod';
import type { LevelRecord, NamedDocument, OrganizationRecord } from '#shared/diagnosis/facts-record';
import { type Known, known, unknown } from '#shared/policy/known';
import { type Answered, type Ask, askingIn, eachOf, followed, kept, listed, mapped, remembered } from './answers.ts';
import type { AwsSession, Custody } from './session.ts';

type Kind = 'SERVICE_CONTROL_POLICY' | 'RESOURCE_CONTROL_POLICY';

const Organization = z.object({ Organization: z.object({ MasterAccountId: z.string() }) });
const Parents = z.object({ Parents: z.tuple([z.object({ Id: z.string(), Type: z.string() })]) });
const Summary = z.object({ Id: z.string(), Arn: z.string() });
const PolicyPage = z.object({ Policies: z.array(Summary).default([]), NextToken: z.string().optional() });
const Policy = z.object({ Policy: z.object({ Content: z.string().min(1) }) });

/** The root, five levels of organisational units, and the account. https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html */
const MOST_LEVELS = 7;
const PAGES = { most: 10, beyond: 'there are more policies than AWS Organizations allows' };

const inSession = (ask: Ask, { organizations }: AwsSession) => {
  const parentOf = remembered((child) =>
    ask('organizations:ListParents', child, Parents, async () => (await organizations()).parents(child)),
  );

  /** From the root down to the account. */
  const lineOf = async (account: string): Promise<Known<readonly string[]>> => {
    const line = [account];
    while (line.length < MOST_LEVELS) {
      const answer = await parentOf(line[0] ?? account);
      if (!answer.known) return answer;
      const [{ Id, Type }] = answer.value.Parents;
      line.unshift(Id);
      if (Type === 'ROOT') return known(line);
    }
    return unknown('the account is deeper in its organisation than AWS Organizations allows');
  };

  const contentOf = remembered((id) =>
    ask('organizations:DescribePolicy', id, Policy, async () => (await organizations()).policy(id)),
  );

  const policiesAt = async (kind: Kind, target: string): Promise<Known<LevelRecord>> => {
    const summaries = await listed(PAGES, async (token) => {
      const page = await ask('organizations:ListPoliciesForTarget', target, PolicyPage, async () =>
        (await organizations()).policiesOf(target, kind, token),
      );
      return mapped(page, ({ Policies, NextToken }) => ({ items: Policies, next: NextToken }));
    });
    const policies = await followed(summaries, (found) =>
      eachOf(
        found,
        async ({ Id, Arn }): Promise<Known<NamedDocument>> =>
          mapped(await contentOf(Id), ({ Policy: { Content } }) => ({ name: Arn, document: Content })),
      ),
    );
    return mapped(policies, (found) => ({ target, policies: found }));
  };

  return {
    organization: () =>
      ask('organizations:DescribeOrganization', 'the organisation', Organization, async () =>
        (await organizations()).organization(),
      ),

    /**
     * Where a kind of policy is in use, one is attached to every root, unit and account; where none is anywhere, the kind
     * is not in use and binds nobody.
     * https://docs.aws.amazon.com/organizations/latest/userguide/disable-policy-type.html
     */
    async levelsOf(kind: Kind, account: string): Promise<Known<readonly LevelRecord[]>> {
      const levels = await followed(await lineOf(account), (line) =>
        eachOf(line, (target) => policiesAt(kind, target)),
      );
      return mapped(levels, (found) => (found.every(({ policies }) => policies.length === 0) ? [] : found));
    },
  };
};

/**
 * What DescribeOrganization alone decides, or `null` where the tree must be read: accounts outside an organisation have
 * no such policies, and the management account is bound by none, nor are its resources.
 * https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html
 * https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html
 */
const decidedBy = (
  answer: Answered<z.output<typeof Organization>>,
  asking: string,
  account: string,
): Known<readonly LevelRecord[]> | null => {
  if (answer.known) return answer.value.Organization.MasterAccountId === account ? known([]) : null;
  if (answer.error !== 'AWSOrganizationsNotInUseException') return unknown(answer.because);
  // The answer is about the account that asks: another one may well be in an organisation.
  return account === asking
    ? known([])
    : unknown(`account ${asking} is in no organisation, and cannot read that of account ${account}`);
};

/**
 * The organisation's policies that bind the caller and the key: each kind, or why it is not known. AWS shows them to the
 * management account and to delegated administrators alone.
 * https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListPoliciesForTarget.html
 * @param session Unlatch's own
 */
export const readOrganizationFacts = async (
  session: AwsSession,
  custody: Custody,
  { callerAccount, keyAccount }: { readonly callerAccount: string; readonly keyAccount: string },
): Promise<OrganizationRecord> => {
  const reading = inSession(askingIn(session, custody), session);
  const organization = await reading.organization();
  const levelsOf = async (kind: Kind, account: string): Promise<Known<readonly LevelRecord[]>> =>
    kept(decidedBy(organization, session.accountId, account) ?? (await reading.levelsOf(kind, account)));
  const [serviceControlPolicies, resourceControlPolicies] = await Promise.all([
    levelsOf('SERVICE_CONTROL_POLICY', callerAccount),
    levelsOf('RESOURCE_CONTROL_POLICY', keyAccount),
  ]);
  return { serviceControlPolicies, resourceControlPolicies };
};
