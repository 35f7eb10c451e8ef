import * as z from 'zod';
import type { GrantRecord } from './facts-record.ts';

const Pairs = z.record(z.string(), z.string()).optional();

/** A constraint that is not known here still binds the grant: it is told, never dropped. */
const Constraints = z
  .looseObject({ EncryptionContextEquals: Pairs, EncryptionContextSubset: Pairs })
  .transform(({ EncryptionContextEquals, EncryptionContextSubset, ...others }) => ({
    ...(EncryptionContextEquals === undefined ? {} : { EncryptionContextEquals }),
    ...(EncryptionContextSubset === undefined ? {} : { EncryptionContextSubset }),
    ...(Object.values(others).some((value) => value !== undefined) ? { Other: true as const } : {}),
  }));

/**
 * A grant, as ListGrants answers it; what else it tells is not needed. A service that is granted a key stands in a field of
 * its own. https://docs.aws.amazon.com/kms/latest/APIReference/API_GrantListEntry.html
 */
export const GrantListEntry = z
  .object({
    GrantId: z.string().default('without id'),
    GranteePrincipal: z.string().optional(),
    GranteeServicePrincipal: z.string().optional(),
    Operations: z.array(z.string()),
    Constraints: Constraints.nullish(),
  })
  .transform(
    ({ GrantId, GranteePrincipal, GranteeServicePrincipal, Operations, Constraints: constraints }): GrantRecord => ({
      GrantId,
      GranteePrincipal: GranteePrincipal ?? GranteeServicePrincipal ?? 'unknown',
      Operations,
      ...(Object.keys(constraints ?? {}).length === 0 ? {} : { Constraints: constraints ?? {} }),
    }),
  );
