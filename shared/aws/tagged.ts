import { DescribeSnapshotsCommand, DescribeVolumesCommand } from '@aws-sdk/client-ec2';
import * as z from 'zod';
import { SnapshotId, VolumeId } from '#shared/signal/identifiers';
import { type AwsSession, type Custody, recorded } from './session.ts';

/** Of a page: the most that EC2 gives. */
const MaxResults = 500;

const Tags = z
  .array(z.object({ Key: z.string(), Value: z.string() }))
  .default([])
  .transform((tags) => Object.fromEntries(tags.map(({ Key, Value }) => [Key, Value])));

const Snapshot = z.object({
  SnapshotId,
  State: z.string(),
  StartTime: z.date().optional(),
  KmsKeyId: z.string().optional(),
  Tags,
});
export type ListedSnapshot = z.output<typeof Snapshot>;

const Volume = z.object({
  VolumeId,
  State: z.string(),
  CreateTime: z.date().optional(),
  SnapshotId: z.string().optional(),
  KmsKeyId: z.string().optional(),
  Tags,
});
export type ListedVolume = z.output<typeof Volume>;

type Filters = { readonly Name: string; readonly Values: string[] }[];

/** Listings are followed to their end: what stands on a page that was not read is not known. */
export const listSnapshots = async (
  session: AwsSession,
  custody: Custody,
  filters: Filters,
): Promise<ListedSnapshot[]> => {
  const found: ListedSnapshot[] = [];
  for (let NextToken: string | undefined; ; ) {
    const command = new DescribeSnapshotsCommand({ OwnerIds: ['self'], Filters: filters, MaxResults, NextToken });
    const page = await recorded(custody, session, 'ec2:DescribeSnapshots', wordsOf(filters), () =>
      session.ec2.send(command),
    );
    found.push(...z.array(Snapshot).parse(page.Snapshots ?? []));
    NextToken = page.NextToken;
    if (NextToken === undefined) return found;
  }
};

export const listVolumes = async (session: AwsSession, custody: Custody, filters: Filters): Promise<ListedVolume[]> => {
  const found: ListedVolume[] = [];
  for (let NextToken: string | undefined; ; ) {
    const command = new DescribeVolumesCommand({ Filters: filters, MaxResults, NextToken });
    const page = await recorded(custody, session, 'ec2:DescribeVolumes', wordsOf(filters), () =>
      session.ec2.send(command),
    );
    found.push(...z.array(Volume).parse(page.Volumes ?? []));
    NextToken = page.NextToken;
    if (NextToken === undefined) return found;
  }
};

const wordsOf = (filters: Filters): string => filters.map(({ Name, Values }) => `${Name}=${Values.join()}`).join(' ');
