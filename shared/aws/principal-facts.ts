import * as z from 'zod';
import type { NamedDocument, PrincipalRecord } from '#shared/diagnosis/facts-record';
import { type Known, known, unknown } from '#shared/policy/known';
import { principalOf } from '#shared/policy/principal';
import { type Ask, askingIn, eachOf, followed, kept, listed, mapped, remembered } from './answers.ts';
import type { Answer, AwsSession, Custody } from './session.ts';

interface Entity {
  readonly arn: string;
  readonly uniqueId: string;
  readonly boundaryArn: string | null;
}

const Boundary = z.object({ PermissionsBoundaryArn: z.string() }).optional();
const Role = z
  .object({ Role: z.object({ Arn: z.string(), RoleId: z.string(), PermissionsBoundary: Boundary }) })
  .transform(({ Role: { Arn, RoleId, PermissionsBoundary } }): Entity => {
    return { arn: Arn, uniqueId: RoleId, boundaryArn: PermissionsBoundary?.PermissionsBoundaryArn ?? null };
  });
const User = z
  .object({ User: z.object({ Arn: z.string(), UserId: z.string(), PermissionsBoundary: Boundary }) })
  .transform(({ User: { Arn, UserId, PermissionsBoundary } }): Entity => {
    return { arn: Arn, uniqueId: UserId, boundaryArn: PermissionsBoundary?.PermissionsBoundaryArn ?? null };
  });

const Marked = { IsTruncated: z.boolean().default(false), Marker: z.string().optional() };
const InlinePage = z.object({ PolicyNames: z.array(z.string()).default([]), ...Marked });
const AttachedPage = z.object({
  AttachedPolicies: z.array(z.object({ PolicyArn: z.string() })).default([]),
  ...Marked,
});
const GroupPage = z.object({ Groups: z.array(z.object({ GroupName: z.string() })).default([]), ...Marked });

const Inline = z.object({ PolicyDocument: z.string().min(1) });
const Policy = z.object({ Policy: z.object({ DefaultVersionId: z.string().min(1) }) });
const Version = z.object({ PolicyVersion: z.object({ Document: z.string().min(1) }) });

/** IAM allows far fewer policies and groups than this. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
const PAGES = { most: 10, beyond: 'there are more policies than IAM allows' };

/** IAM answers documents URL-encoded, at up to three times their size. https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRolePolicy.html */
const decoded = (document: string): string => {
  try {
    return document.startsWith('%') ? decodeURIComponent(document) : document;
  } catch {
    return document;
  }
};

type Holder = 'Role' | 'User' | 'Group';

interface Marks {
  readonly IsTruncated: boolean;
  readonly Marker?: string | undefined;
}

const inSession = (ask: Ask, { iam }: AwsSession) => {
  const pagesOf = <Found extends Marks, Item>(
    api: `iam:${string}`,
    on: string,
    schema: z.ZodType<Found>,
    turn: (marker: string | undefined) => Promise<Answer>,
    itemsOf: (page: Found) => readonly Item[],
  ): Promise<Known<readonly Item[]>> =>
    listed(PAGES, async (marker) =>
      mapped(await ask(api, on, schema, () => turn(marker)), (page) => ({
        items: itemsOf(page),
        next: page.IsTruncated ? page.Marker : undefined,
      })),
    );

  const managed = remembered(async (arn: string): Promise<Known<NamedDocument>> => {
    const policy = await ask('iam:GetPolicy', arn, Policy, async () => (await iam()).policy(arn));
    return followed(policy, async ({ Policy: { DefaultVersionId } }) => {
      const version = await ask('iam:GetPolicyVersion', `${arn} ${DefaultVersionId}`, Version, async () =>
        (await iam()).policyVersion(arn, DefaultVersionId),
      );
      return mapped(version, ({ PolicyVersion }) => ({ name: arn, document: decoded(PolicyVersion.Document) }));
    });
  });

  const inlineOf = async (holder: Holder, name: string): Promise<Known<readonly NamedDocument[]>> => {
    const names = await pagesOf(
      `iam:List${holder}Policies`,
      name,
      InlinePage,
      async (marker) => (await iam())[holder].inline(name, marker),
      ({ PolicyNames }) => PolicyNames,
    );
    return followed(names, (found) =>
      eachOf(found, async (policyName) => {
        const policy = await ask(`iam:Get${holder}Policy`, `${name} ${policyName}`, Inline, async () =>
          (await iam())[holder].document(name, policyName),
        );
        // Each group may have an inline policy of the same name.
        const inline = holder === 'Group' ? `${name}/${policyName}` : policyName;
        return mapped(policy, ({ PolicyDocument }) => ({ name: inline, document: decoded(PolicyDocument) }));
      }),
    );
  };

  const attachedTo = async (holder: Holder, name: string): Promise<Known<readonly NamedDocument[]>> => {
    const arns = await pagesOf(
      `iam:ListAttached${holder}Policies`,
      name,
      AttachedPage,
      async (marker) => (await iam())[holder].attached(name, marker),
      ({ AttachedPolicies }) => AttachedPolicies.map(({ PolicyArn }) => PolicyArn),
    );
    return followed(arns, (found) => eachOf(found, managed));
  };

  const ofHolder = async (holder: Holder, name: string): Promise<Known<readonly NamedDocument[]>> =>
    mapped(await eachOf([inlineOf, attachedTo], (read) => read(holder, name)), (policies) => policies.flat());

  const ofGroups = async (userName: string): Promise<Known<readonly NamedDocument[]>> => {
    const groups = await pagesOf(
      'iam:ListGroupsForUser',
      userName,
      GroupPage,
      async (marker) => (await iam()).groupsOf(userName, marker),
      ({ Groups }) => Groups.map(({ GroupName }) => GroupName),
    );
    const policies = await followed(groups, (names) => eachOf(names, (name) => ofHolder('Group', name)));
    return mapped(policies, (found) => found.flat());
  };

  const ofUser = async (name: string): Promise<Known<readonly NamedDocument[]>> =>
    mapped(await eachOf([() => ofHolder('User', name), () => ofGroups(name)], (read) => read()), (found) => [
      // A managed policy may be attached to the user and to groups: it counts once.
      ...new Map(found.flat().map((policy) => [policy.name, policy])).values(),
    ]);

  const boundaryOf = (entity: Known<Entity>): Promise<Known<NamedDocument | null>> =>
    followed<Entity, NamedDocument | null>(entity, async ({ boundaryArn }) =>
      boundaryArn === null ? known(null) : managed(boundaryArn),
    );

  return {
    role: (name: string) => ask('iam:GetRole', name, Role, async () => (await iam()).role(name)),
    user: (name: string) => ask('iam:GetUser', name, User, async () => (await iam()).user(name)),
    policiesOf: { role: (name: string) => ofHolder('Role', name), user: ofUser },
    boundaryOf,
  };
};

const unread = (because: string): PrincipalRecord => ({
  arn: null,
  uniqueId: null,
  identityPolicies: unknown(because),
  permissionsBoundary: unknown(because),
  sessionPolicies: unknown(because),
});

/**
 * What IAM says of a role or a user: each part, or why it is not known. Names are unique in one account alone, so the
 * session is one of the principal's account.
 */
export const readPrincipalFacts = async (
  session: AwsSession,
  custody: Custody,
  principalArn: string,
): Promise<PrincipalRecord> => {
  const principal = principalOf(principalArn);
  if (principal === null) return unread('it is no principal whose policies can be read');
  if (principal.kind === 'service') return unread(`${principal.name} is a service: it has no policies of its own`);
  if (principal.kind === 'root') return unread(`it is the root user of account ${principal.accountId}`);
  if (principal.accountId !== session.accountId) return unread(`there is no session in account ${principal.accountId}`);

  const reading = inSession(askingIn(session, custody), session);
  const { kind, name } = principal;
  const entity = reading[kind](name);
  const [found, identityPolicies, permissionsBoundary] = await Promise.all([
    entity,
    reading.policiesOf[kind](name),
    entity.then(reading.boundaryOf),
  ]);
  return {
    arn: found.known ? found.value.arn : null,
    uniqueId: found.known ? found.value.uniqueId : null,
    identityPolicies: kept(identityPolicies),
    permissionsBoundary: kept(permissionsBoundary),
    sessionPolicies: unknown('session policies cannot be read back'),
  };
};
