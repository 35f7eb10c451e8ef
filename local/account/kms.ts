import { createHash } from 'node:crypto';
import {
  type CreateGrantCommandInput,
  type CreateGrantCommandOutput,
  type DescribeKeyCommandInput,
  type DescribeKeyCommandOutput,
  type GetKeyPolicyCommandInput,
  type GetKeyPolicyCommandOutput,
  type GrantListEntry,
  GrantOperation,
  type ListAliasesCommandInput,
  type ListAliasesCommandOutput,
  type ListGrantsCommandInput,
  type ListGrantsCommandOutput,
  type ListKeysCommandInput,
  type ListKeysCommandOutput,
  type RetireGrantCommandInput,
  type RetireGrantCommandOutput,
} from '@aws-sdk/client-kms';
import type { Call, Ground } from './call.ts';
import { answered, keyMetadata, knownKey, notFound, permittedByCaller, permittedKey, record } from './kms-answer.ts';
import type { GrantTerms } from './kms-decision.ts';
import { livingKeys } from './kms-keys.ts';
import { kmsLifecycle } from './kms-lifecycle.ts';
import type { Grant, Key } from './state.ts';

const defaultPageSize = 50;
/** "ListKeys", AWS KMS API Reference */
const keyPageSize = 100;

/** KMS as a session calls it directly: without `kms:ViaService`, and never for an AWS resource. */
export const kmsService = (ground: Ground) => ({
  ...kmsLifecycle(ground),

  DescribeKey: async (call: Call<DescribeKeyCommandInput>): Promise<DescribeKeyCommandOutput> => {
    const key = await permittedKey(ground, call, 'DescribeKey', call.input.KeyId, { keyId: call.input.KeyId });
    return { $metadata: answered(call), KeyMetadata: keyMetadata(key) };
  },

  GetKeyPolicy: async (call: Call<GetKeyPolicyCommandInput>): Promise<GetKeyPolicyCommandOutput> => {
    const requestParameters = { keyId: call.input.KeyId, policyName: call.input.PolicyName ?? 'default' };
    const key = await permittedKey(ground, call, 'GetKeyPolicy', call.input.KeyId, requestParameters);
    return { $metadata: answered(call), Policy: JSON.stringify(key.policy), PolicyName: 'default' };
  },

  ListGrants: async (call: Call<ListGrantsCommandInput>): Promise<ListGrantsCommandOutput> => {
    const { KeyId, Limit = defaultPageSize, Marker, GranteePrincipal, GrantId } = call.input;
    const key = await permittedKey(ground, call, 'ListGrants', KeyId, { keyId: KeyId, limit: call.input.Limit });
    const grants = key.grants.filter(
      (grant) =>
        (GranteePrincipal === undefined || grant.granteePrincipal === GranteePrincipal) &&
        (GrantId === undefined || grant.grantId === GrantId),
    );
    const page = pageFrom(grants, Limit, Marker);
    const Grants = page.items.map((grant) => listedGrant(key, grant));
    return { $metadata: answered(call), Grants, Truncated: page.truncated, NextMarker: page.next };
  },

  ListAliases: async (call: Call<ListAliasesCommandInput>): Promise<ListAliasesCommandOutput> => {
    await permittedByCaller(ground, call, 'kms:ListAliases', '*');
    const { accountId } = call.session.role;
    const only = call.input.KeyId === undefined ? undefined : knownKey(ground, call, call.input.KeyId);
    const aliases = livingKeys(ground)
      .filter((key) => key.accountId === accountId && key.region === call.region && (only ?? key) === key)
      .flatMap((key) =>
        key.aliases.map((name) => ({
          AliasName: name,
          AliasArn: `arn:aws:kms:${key.region}:${key.accountId}:${name}`,
          TargetKeyId: key.keyId,
          CreationDate: key.createdAt,
        })),
      );
    const page = pageFrom(aliases, call.input.Limit ?? defaultPageSize, call.input.Marker);
    return { $metadata: answered(call), Aliases: page.items, Truncated: page.truncated, NextMarker: page.next };
  },

  ListKeys: async (call: Call<ListKeysCommandInput>): Promise<ListKeysCommandOutput> => {
    await permittedByCaller(ground, call, 'kms:ListKeys', '*');
    const { accountId } = call.session.role;
    const keys = livingKeys(ground).filter((key) => key.accountId === accountId && key.region === call.region);
    const page = pageFrom(keys, call.input.Limit ?? keyPageSize, call.input.Marker);
    const Keys = page.items.map(({ keyId, arn }) => ({ KeyId: keyId, KeyArn: arn }));
    return { $metadata: answered(call), Keys, Truncated: page.truncated, NextMarker: page.next };
  },

  CreateGrant: async (call: Call<CreateGrantCommandInput>): Promise<CreateGrantCommandOutput> => {
    const terms = grantTerms(call.input);
    const requestParameters = {
      keyId: call.input.KeyId,
      granteePrincipal: terms.granteePrincipal,
      operations: terms.operations,
      ...(terms.retiringPrincipal === null ? {} : { retiringPrincipal: terms.retiringPrincipal }),
      ...(call.input.DryRun === undefined ? {} : { dryRun: call.input.DryRun }),
    };
    const key = await permittedKey(ground, call, 'CreateGrant', call.input.KeyId, requestParameters, terms);
    const grantId = createHash('sha256').update(ground.uuid()).digest('hex');
    key.grants.push({ ...terms, grantId });
    return { $metadata: answered(call), GrantId: grantId, GrantToken: Buffer.from(grantId).toString('base64') };
  },

  RetireGrant: async (call: Call<RetireGrantCommandInput>): Promise<RetireGrantCommandOutput> => {
    const { KeyId, GrantId, GrantToken } = call.input;
    const grantId = GrantId ?? Buffer.from(GrantToken ?? '', 'base64').toString();
    const key = livingKeys(ground).find(
      (candidate) =>
        (KeyId === undefined || candidate.arn === KeyId) && candidate.grants.some((grant) => grant.grantId === grantId),
    );
    const index = key?.grants.findIndex((grant) => grant.grantId === grantId) ?? -1;
    const grant = key?.grants[index];
    if (key === undefined || grant === undefined) throw notFound(call, `Grant ID ${grantId} not found`);
    const { session } = call;
    // "Retiring and revoking grants": the retiring principal may; everybody else needs kms:RetireGrant.
    const retires = [session.role.arn, session.arn].includes(grant.retiringPrincipal ?? '');
    const requestParameters = { keyId: key.arn, grantId };
    if (!retires) await permittedKey(ground, call, 'RetireGrant', key.arn, requestParameters);
    else record(ground, call, 'RetireGrant', key, requestParameters, undefined);
    key.grants.splice(index, 1);
    return { $metadata: answered(call) };
  },
});

const grantTerms = (input: CreateGrantCommandInput): GrantTerms => ({
  granteePrincipal: input.GranteePrincipal ?? '',
  retiringPrincipal: input.RetiringPrincipal ?? null,
  operations: input.Operations ?? [],
  encryptionContextSubset: input.Constraints?.EncryptionContextSubset ?? null,
  encryptionContextEquals: input.Constraints?.EncryptionContextEquals ?? null,
});

const isGrantOperation = (name: string): name is GrantOperation => Object.hasOwn(GrantOperation, name);

const listedGrant = (key: Key, grant: Grant): GrantListEntry => ({
  KeyId: key.arn,
  GrantId: grant.grantId,
  GranteePrincipal: grant.granteePrincipal,
  RetiringPrincipal: grant.retiringPrincipal ?? undefined,
  IssuingAccount: `arn:aws:iam::${key.accountId}:root`,
  Operations: grant.operations.filter(isGrantOperation),
  Constraints: {
    EncryptionContextSubset: grant.encryptionContextSubset ?? undefined,
    EncryptionContextEquals: grant.encryptionContextEquals ?? undefined,
  },
});

const pageFrom = <Item>(items: readonly Item[], limit: number, marker: string | undefined) => {
  const start = marker === undefined ? 0 : Number(marker);
  const end = start + limit;
  const truncated = end < items.length;
  return { items: items.slice(start, end), truncated, next: truncated ? String(end) : undefined };
};
