import { LEAST_RESULTS } from '#shared/aws/ebs-blocks';
import { type AwsSession, type Custody, recorded } from '#shared/aws/session';
import type { ListedBlock, PageStart } from './copy-lane.ts';

/** The first block that a snapshot has, or `null` where it holds nothing. A page may be empty and not be the last. */
export const firstBlock = async (
  session: AwsSession,
  custody: Custody,
  snapshotId: string,
): Promise<ListedBlock | null> => {
  const ebs = await session.ebsDirect();
  for (let start: PageStart = { from: 0 }; ; ) {
    const page = await recorded(custody, session, 'ebs:ListSnapshotBlocks', snapshotId, () =>
      ebs.list(snapshotId, start, LEAST_RESULTS),
    );
    const [{ BlockIndex: index, BlockToken: token } = {}] = page.Blocks ?? [];
    if (index !== undefined && token !== undefined) return { index, token };
    if (page.NextToken === undefined) return null;
    start = { after: page.NextToken };
  }
};
