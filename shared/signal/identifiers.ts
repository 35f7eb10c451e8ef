import * as z from 'zod';

/**
 * Identifiers as AWS writes them, branded once parsed. The account's slot of an ARN admits letters, because AWS's own
 * sample events have words there, and because nothing here rests on its being a number.
 */

const partition = 'arn:aws[a-z-]{0,12}';

export const KeyArn = z
  .string()
  .max(256)
  .regex(new RegExp(`^${partition}:kms:[a-z0-9-]{1,32}:\\w{12}:key/[\\w-]{1,64}$`), 'expected the ARN of a KMS key')
  .brand<'KeyArn'>();
export type KeyArn = z.infer<typeof KeyArn>;

export const AccountId = z
  .string()
  .regex(/^\d{12}$/, 'expected an account id of 12 digits')
  .brand<'AccountId'>();
export type AccountId = z.infer<typeof AccountId>;

export const Region = z
  .string()
  .regex(/^[a-z]{2}[a-z0-9-]{2,30}$/, 'expected a Region such as `eu-west-3`')
  .brand<'Region'>();
export type Region = z.infer<typeof Region>;

export const InstanceId = z
  .string()
  .regex(/^i-[0-9a-f]{8,17}$/, 'expected an instance id such as `i-0123456789abcdef0`')
  .brand<'InstanceId'>();
export type InstanceId = z.infer<typeof InstanceId>;

export const VolumeId = z
  .string()
  .regex(/^vol-[0-9a-f]{8,17}$/, 'expected a volume id such as `vol-0123456789abcdef0`')
  .brand<'VolumeId'>();
export type VolumeId = z.infer<typeof VolumeId>;

export const SnapshotId = z
  .string()
  .regex(/^snap-[0-9a-f]{8,17}$/, 'expected a snapshot id such as `snap-0123456789abcdef0`')
  .brand<'SnapshotId'>();
export type SnapshotId = z.infer<typeof SnapshotId>;

/** The first identifier of a kind in free text, such as a key's ARN in an error message; `null` where none stands. */
const firstIn = <S extends z.ZodType>(pattern: RegExp, schema: S) => {
  return (text: string): z.output<S> | null => schema.safeParse(pattern.exec(text)?.[0]).data ?? null;
};

export const keyArnIn = firstIn(new RegExp(`${partition}:kms:[a-z0-9-]{1,32}:\\w{12}:key/[\\w-]{1,64}`), KeyArn);
export const volumeIdIn = firstIn(/vol-[0-9a-f]{8,17}/, VolumeId);
export const snapshotIdIn = firstIn(/snap-[0-9a-f]{8,17}/, SnapshotId);
