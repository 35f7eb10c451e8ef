import {
  type GetSnapshotBlockCommandOutput,
  InternalServerException,
  RequestThrottledException,
} from '@aws-sdk/client-ebs';
import { EC2ServiceException } from '@aws-sdk/client-ec2';
import { blockBody } from './block-body.ts';
import type { Call, Ground } from './call.ts';
import { invalid, snapshotNotFound } from './ebs-direct-errors.ts';
import { notifySnapshot } from './ebs-notification.ts';

/** A fault to inject into the n-th call of an API, counted from 1, or into every one. */
export interface Fault {
  readonly api: string;
  readonly nth: number | 'every';
  /** How many calls it meets, from the n-th on; absent: one. */
  readonly times?: number;
  readonly what: FaultKind;
}

type FaultKind =
  /** The function dies before AWS sees the call, or after AWS has done it. */
  | 'crash-before'
  | 'crash-after'
  /** AWS throttles the call, or refuses it, or fails. */
  | 'throttle'
  | 'refuse'
  | 'internal-error'
  /** AWS does not know yet what was made a moment ago. */
  | 'not-yet'
  /** Of GetSnapshotBlock and ListSnapshotBlocks: the token is too old. */
  | 'expired-token'
  /** Of PutSnapshotBlock: the body did not arrive as it should. */
  | 'unreadable'
  | Spoiling
  /** A snapshot that is begun or completed fails instead of completing. */
  | 'error-state';

/** Of GetSnapshotBlock: one bit of the body is not as it was, the body ends early, the checksum is another block's. */
type Spoiling = 'corrupt' | 'truncate' | 'wrong-checksum';

/** What goes wrong with the n-th call of an API. */
export const faultOf = (faults: readonly Fault[], api: string, count: number): FaultKind | null =>
  faults.find(
    ({ api: faulty, nth, times = 1 }) => faulty === api && (nth === 'every' || (count >= nth && count < nth + times)),
  )?.what ?? null;

export const serviceError = (name: string, message: string, requestId: string): Error =>
  // Name and `$metadata` are all that is read of a service's error; the class is the SDK's own base.
  new EC2ServiceException({ name, message, $fault: 'client', $metadata: { httpStatusCode: 400, requestId } });

const misplaced = (what: string, api: string): Error => new Error(`the fault \`${what}\` does not fit ${api}`);

/** "Error retries", Amazon EBS User Guide: reads and writes of blocks are throttled by snapshot, too. */
const throttled = (api: string, call: Call): Error => {
  if (!/^ebs:(Get|Put)SnapshotBlock$/.test(api)) {
    return serviceError('ThrottlingException', 'Rate exceeded', call.requestId);
  }
  const $metadata = { httpStatusCode: 400, requestId: call.requestId };
  return new RequestThrottledException({ Reason: 'RESOURCE_LEVEL_THROTTLE', message: 'Rate exceeded', $metadata });
};

/** The first id of a kind that an input names, in one field or in a list. */
const idIn = (input: unknown, field: 'SnapshotId' | 'VolumeId' | 'InstanceId'): string | undefined => {
  if (typeof input !== 'object' || input === null) return undefined;
  const fields: Readonly<Record<string, unknown>> = { ...input };
  const value = fields[field] ?? fields[`${field}s`];
  const id: unknown = Array.isArray(value) ? value[0] : value;
  return typeof id === 'string' ? id : undefined;
};

const unknownYet = (api: string, call: Call): Error => {
  const snapshotId = idIn(call.input, 'SnapshotId');
  if (api.startsWith('ebs:')) return snapshotNotFound(call, snapshotId);
  const volumeId = idIn(call.input, 'VolumeId');
  const [code, name] = snapshotId === undefined ? ['InvalidVolume', volumeId] : ['InvalidSnapshot', snapshotId];
  const kind = snapshotId === undefined ? 'volume' : 'snapshot';
  if (name === undefined) throw misplaced('not-yet', api);
  return serviceError(`${code}.NotFound`, `The ${kind} '${name}' does not exist.`, call.requestId);
};

const expired = (api: string, call: Call): Error => {
  if (api === 'ebs:GetSnapshotBlock') return invalid(call, 'INVALID_BLOCK_TOKEN', 'The block token has expired.');
  if (api === 'ebs:ListSnapshotBlocks') return invalid(call, 'INVALID_PAGE_TOKEN', 'The page token has expired.');
  throw misplaced('expired-token', api);
};

const internalError = (call: Call): Error => {
  const $metadata = { httpStatusCode: 500, requestId: call.requestId };
  return new InternalServerException({ message: 'An internal error has occurred.', $metadata });
};

/** The error with which AWS meets the call before anything is done; `null`: none. */
export const thrownBy = (what: FaultKind, api: string, call: Call): Error | null => {
  switch (what) {
    case 'throttle':
      return throttled(api, call);
    case 'internal-error':
      return internalError(call);
    case 'not-yet':
      return unknownYet(api, call);
    case 'expired-token':
      return expired(api, call);
    case 'unreadable':
      if (api !== 'ebs:PutSnapshotBlock') throw misplaced(what, api);
      return invalid(call, 'INVALID_BLOCK', 'Failed to read block data');
    default:
      return null;
  }
};

const spoilings: Readonly<Record<Spoiling, (bytes: Uint8Array) => Uint8Array>> = {
  corrupt: (bytes) => bytes.with(bytes.length >> 1, (bytes[bytes.length >> 1] ?? 0) ^ 1),
  truncate: (bytes) => bytes.subarray(0, bytes.length - 512),
  'wrong-checksum': (bytes) => bytes,
};

const isSpoiling = (what: FaultKind): what is Spoiling => Object.hasOwn(spoilings, what);

/** Base64 SHA-256 of nothing. */
const otherChecksum = '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=';

const spoiledBlock = async (what: Spoiling, output: GetSnapshotBlockCommandOutput) => {
  const bytes = (await output.BlockData?.transformToByteArray()) ?? new Uint8Array(0);
  const BlockData = blockBody(spoilings[what](bytes));
  return { ...output, BlockData, ...(what === 'wrong-checksum' ? { Checksum: otherChecksum } : {}) };
};

/** Fails a snapshot before EBS gets to complete it. */
const failSnapshot = (ground: Ground, snapshotId: string | undefined): void =>
  ground.after(1, () => {
    const snapshot = ground.state.snapshots.get(snapshotId ?? '');
    if (snapshot === undefined) return;
    snapshot.state = 'error';
    const { accountId, region, startTime, volumeId } = snapshot;
    const source = volumeId === 'vol-ffffffff' ? { region, snapshotId: snapshot.snapshotId } : { region, volumeId };
    const outcome = { accountId, region, snapshotId: snapshot.snapshotId, source, startTime };
    notifySnapshot(ground, { ...outcome, event: 'createSnapshot', result: 'failed' });
  });

const isBlock = (api: string, output: unknown): output is GetSnapshotBlockCommandOutput =>
  api === 'ebs:GetSnapshotBlock' && typeof output === 'object' && output !== null && 'BlockData' in output;

/** What becomes of an answer on its way, or of what it promised. */
export const spoiled = async (
  what: FaultKind,
  api: string,
  call: Call,
  output: unknown,
  ground: Ground,
): Promise<unknown> => {
  if (what === 'error-state') {
    if (!/^(ebs:CompleteSnapshot|ec2:(CreateSnapshot|CopySnapshot))$/.test(api)) throw misplaced(what, api);
    failSnapshot(ground, idIn(output, 'SnapshotId') ?? idIn(call.input, 'SnapshotId'));
    return output;
  }
  if (!isSpoiling(what)) return output;
  if (!isBlock(api, output)) throw misplaced(what, api);
  return spoiledBlock(what, output);
};
