import * as z from 'zod';
import { type AwsSession, type Custody, errorName, recorded } from '#shared/aws/session';
import type { AccountId } from '#shared/signal/identifiers';
import type { ManagedPolicy, PolicyVersion, RolePolicies, RolePolicy } from '../role-policies.ts';

const Tags = z
  .array(z.object({ Key: z.string(), Value: z.string() }))
  .default([])
  .transform((tags) => Object.fromEntries(tags.map(({ Key, Value }) => [Key, Value])));
const Role = z.object({
  Role: z.object({
    Arn: z.string(),
    Tags,
    PermissionsBoundary: z.object({ PermissionsBoundaryArn: z.string() }).optional(),
  }),
});
const Marked = { IsTruncated: z.boolean().default(false), Marker: z.string().optional() };
const Names = z.object({ PolicyNames: z.array(z.string()).default([]), ...Marked });
const Attached = z.object({ AttachedPolicies: z.array(z.object({ PolicyArn: z.string() })).default([]), ...Marked });
const Inline = z.object({ PolicyDocument: z.string() });
const Policy = z.object({ Policy: z.object({ DefaultVersionId: z.string().min(1) }) });
const Version = z.object({ PolicyVersion: z.object({ Document: z.string() }) });
const Versions = z.object({
  Versions: z
    .array(z.object({ VersionId: z.string(), IsDefaultVersion: z.boolean(), CreateDate: z.date().optional() }))
    .default([]),
  ...Marked,
});
const Entities = z.object({
  PolicyRoles: z.array(z.object({ RoleName: z.string() })).default([]),
  PolicyUsers: z.array(z.object({ UserName: z.string() })).default([]),
  PolicyGroups: z.array(z.object({ GroupName: z.string() })).default([]),
  ...Marked,
});

/** IAM has fewer of anything than this. */
const MOST_PAGES = 20;

const isAbsent = (error: unknown): boolean => /^NoSuchEntity/.test(errorName(error));

/** Absence is an answer; all else is thrown, for a throttle is none. */
const orNull = async <T>(read: Promise<T>): Promise<T | null> => {
  try {
    return await read;
  } catch (error) {
    if (isAbsent(error)) return null;
    throw error;
  }
};

/** IAM answers documents URL-encoded, to the letter. https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRolePolicy.html */
const decoded = (document: string): string => (document.startsWith('%') ? decodeURIComponent(document) : document);

const paged = async <Page extends { IsTruncated: boolean; Marker?: string | undefined }, Item>(
  turn: (marker: string | undefined) => Promise<Page>,
  itemsOf: (page: Page) => readonly Item[],
): Promise<Item[]> => {
  const items: Item[] = [];
  let marker: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const answer = await turn(marker);
    items.push(...itemsOf(answer));
    if (!answer.IsTruncated || answer.Marker === undefined) return items;
    marker = answer.Marker;
  }
  throw new Error(`a listing of IAM has no end after ${MOST_PAGES} pages`);
};

/** Reads of one account's IAM. Whatever is not read to its end is thrown: half of a role's policies prove nothing. */
export const iamReader = (session: AwsSession, custody: Custody) => {
  const call = async <S extends z.ZodType>(
    api: `iam:${string}`,
    on: string,
    schema: S,
    send: () => Promise<{ readonly $metadata: { requestId?: string | undefined } }>,
  ): Promise<z.output<S>> => schema.parse(await recorded(custody, session, api, on, send));
  const iam = session.rolePolicies;

  const inline = async (role: string, name: string): Promise<string | null> => {
    const answer = await orNull(
      call('iam:GetRolePolicy', `${role} ${name}`, Inline, async () => (await iam()).inline(role, name)),
    );
    return answer === null ? null : decoded(answer.PolicyDocument);
  };

  const version = async (arn: string, id: string): Promise<string> => {
    const answer = await call('iam:GetPolicyVersion', `${arn} ${id}`, Version, async () =>
      (await iam()).version(arn, id),
    );
    return decoded(answer.PolicyVersion.Document);
  };

  const defaultVersion = async (arn: string): Promise<{ versionId: string; document: string }> => {
    const { Policy: found } = await call('iam:GetPolicy', arn, Policy, async () => (await iam()).policy(arn));
    return { versionId: found.DefaultVersionId, document: await version(arn, found.DefaultVersionId) };
  };

  /** As it is in force now; `null` where there is no such policy any more. */
  const standing = (arn: string) => orNull(defaultVersion(arn));

  const versions = async (arn: string): Promise<PolicyVersion[]> => {
    const found = await paged(
      (marker) => call('iam:ListPolicyVersions', arn, Versions, async () => (await iam()).versions(arn, marker)),
      (page) => page.Versions,
    );
    return found.map(({ VersionId, IsDefaultVersion, CreateDate }) => ({
      versionId: VersionId,
      isDefault: IsDefaultVersion,
      createdAt: CreateDate?.toISOString() ?? '',
    }));
  };

  const holders = async (arn: string): Promise<string[]> =>
    paged(
      (marker) => call('iam:ListEntitiesForPolicy', arn, Entities, async () => (await iam()).entities(arn, marker)),
      ({ PolicyRoles, PolicyUsers, PolicyGroups }) => [
        ...PolicyRoles.map(({ RoleName }) => `role/${RoleName}`),
        ...PolicyUsers.map(({ UserName }) => `user/${UserName}`),
        ...PolicyGroups.map(({ GroupName }) => `group/${GroupName}`),
      ],
    );

  const attachedTo = (role: string): Promise<string[]> =>
    paged(
      (marker) =>
        call('iam:ListAttachedRolePolicies', role, Attached, async () => (await iam()).attached(role, marker)),
      (page) => page.AttachedPolicies.map(({ PolicyArn }) => PolicyArn),
    );

  const inlineOf = async (role: string): Promise<RolePolicy[]> => {
    const names = await paged(
      (marker) => call('iam:ListRolePolicies', role, Names, async () => (await iam()).inlineNames(role, marker)),
      (page) => page.PolicyNames,
    );
    const documents = await Promise.all(names.map((name) => inline(role, name)));
    // One that went while it was read is gone.
    return names.flatMap((name, at): RolePolicy[] => {
      const document = documents[at];
      return document === null || document === undefined ? [] : [{ kind: 'inline', name, document }];
    });
  };

  const managedOf = async (arn: string, role: string, boundary: string | null): Promise<ManagedPolicy> => {
    const isOfAws = arn.split(':')[4] === 'aws';
    const [current, all, everybody] = await Promise.all([
      defaultVersion(arn),
      isOfAws ? [] : versions(arn),
      isOfAws ? [] : holders(arn),
    ]);
    const others = everybody.filter((holder) => holder !== `role/${role}`);
    // As the role's own boundary it limits, and is not this role's alone to lose.
    const bounds = boundary === arn ? [`boundary of role/${role}`] : [];
    return { kind: 'managed', arn, ...current, versions: all, others: [...others, ...bounds] };
  };

  return {
    inline,
    version,
    versions,
    defaultVersion,
    standing,
    attachedTo,

    /** A role's ARN and tags; `null` where there is none. */
    async role(name: string) {
      const found = await orNull(call('iam:GetRole', name, Role, async () => (await iam()).role(name)));
      if (found === null) return null;
      const { Arn: arn, Tags: tags, PermissionsBoundary } = found.Role;
      return { arn, tags, boundaryArn: PermissionsBoundary?.PermissionsBoundaryArn ?? null };
    },

    /** All that decides what a role may do, each document to the letter; `null` where there is no such role. */
    async rolePolicies(accountId: AccountId, roleName: string): Promise<RolePolicies | null> {
      const role = await this.role(roleName);
      if (role === null) return null;
      const [own, arns, boundary] = await Promise.all([
        inlineOf(roleName),
        attachedTo(roleName),
        role.boundaryArn === null ? null : defaultVersion(role.boundaryArn),
      ]);
      const managed = await Promise.all(arns.map((arn) => managedOf(arn, roleName, role.boundaryArn)));
      const { arn: roleArn, tags } = role;
      return {
        accountId,
        roleName,
        roleArn,
        policies: [...own, ...managed],
        boundary: boundary?.document ?? null,
        tags,
      };
    },
  };
};

export type IamReader = ReturnType<typeof iamReader>;
