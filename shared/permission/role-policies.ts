import * as z from 'zod';
import { AccountId } from '#shared/signal/identifiers';

/**
 * A role's policies as IAM keeps them, each document to the letter. They cross durable steps and stand in the evidence,
 * so they are plain JSON.
 */

export const RoleName = z.string().regex(/^[\w+=,.@-]{1,64}$/, 'expected the name of an IAM role, without its path');
export type RoleName = z.infer<typeof RoleName>;

export const InlinePolicy = z.object({ kind: z.literal('inline'), name: z.string(), document: z.string() });
export type InlinePolicy = z.infer<typeof InlinePolicy>;

export const PolicyVersion = z.object({ versionId: z.string(), isDefault: z.boolean(), createdAt: z.string() });
export type PolicyVersion = z.infer<typeof PolicyVersion>;

export const ManagedPolicy = z.object({
  kind: z.literal('managed'),
  arn: z.string(),
  /** The default version's. */
  document: z.string(),
  versionId: z.string(),
  /** All of them, in the order in which they were made; empty for AWS's own policies, whose versions are nobody's business. */
  versions: z.array(PolicyVersion),
  /** Who else has it, attached or as a boundary: `role/name`, `user/name`, `group/name`. */
  others: z.array(z.string()),
});
export type ManagedPolicy = z.infer<typeof ManagedPolicy>;

export const RolePolicy = z.discriminatedUnion('kind', [InlinePolicy, ManagedPolicy]);
export type RolePolicy = z.infer<typeof RolePolicy>;

export const RolePolicies = z.object({
  accountId: AccountId,
  roleName: RoleName,
  roleArn: z.string(),
  policies: z.array(RolePolicy),
  /** The boundary's document, or `null`. */
  boundary: z.string().nullable(),
  tags: z.record(z.string(), z.string()),
});
export type RolePolicies = z.infer<typeof RolePolicies>;

/** The name of an inline policy, the ARN of a managed one: what tells them apart, for no inline name holds a colon. */
export const policyId = (policy: RolePolicy): string => (policy.kind === 'inline' ? policy.name : policy.arn);

export const partitionOf = (roleArn: string): string => roleArn.split(':')[1] ?? 'aws';
