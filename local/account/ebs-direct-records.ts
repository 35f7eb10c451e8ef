import {
  type CompleteSnapshotCommandInput,
  type CompleteSnapshotCommandOutput,
  EBSServiceException,
  type StartSnapshotCommandInput,
  type StartSnapshotCommandOutput,
} from '@aws-sdk/client-ebs';
import type { Call, Ground } from './call.ts';
import { recordCall } from './cloudtrail.ts';

export const startParameters = ({
  VolumeSize,
  ParentSnapshotId,
  Encrypted,
  Description,
}: StartSnapshotCommandInput) => ({
  volumeSize: VolumeSize,
  ...(ParentSnapshotId === undefined ? {} : { parentSnapshotId: ParentSnapshotId }),
  ...(Encrypted === undefined ? {} : { encrypted: Encrypted }),
  ...(Description === undefined ? {} : { description: Description }),
});

export const completeParameters = ({ SnapshotId, ChangedBlocksCount }: CompleteSnapshotCommandInput) => ({
  snapshotId: SnapshotId,
  changedBlocksCount: ChangedBlocksCount,
});

/** Records a call that begins or ends a snapshot; calls on blocks are data events, which no rule sees. */
export const recordedCall = async <Output extends StartSnapshotCommandOutput | CompleteSnapshotCommandOutput>(
  ground: Ground,
  call: Call,
  eventName: string,
  requestParameters: Readonly<Record<string, unknown>>,
  act: () => Promise<Output>,
): Promise<Output> => {
  const { session, region, requestId } = call;
  const caller = { identity: { session }, region, requestId, invokedBy: null, shared: false } as const;
  const common = {
    ...caller,
    eventSource: 'ebs.amazonaws.com',
    eventName,
    requestParameters,
    internalEndpoint: false,
  } as const;
  try {
    const output = await act();
    const started = 'SnapshotId' in output ? { snapshotId: output.SnapshotId, ownerId: output.OwnerId } : {};
    recordCall(ground, { ...common, responseElements: { ...started, status: output.Status } });
    return output;
  } catch (error) {
    if (!(error instanceof EBSServiceException)) throw error;
    recordCall(ground, { ...common, responseElements: null, error: { code: error.name, message: error.message } });
    throw error;
  }
};
