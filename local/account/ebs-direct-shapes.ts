/**
 * The part of the EBS direct APIs' shapes that the embedded account speaks. `@aws-sdk/client-ebs` is no dependency.
 * https://docs.aws.amazon.com/ebs/latest/APIReference/API_Operations.html
 */

export const blockBytes = 524_288;

interface Answered {
  readonly $metadata: { readonly httpStatusCode: number; readonly requestId: string };
}

export interface StartSnapshotInput {
  readonly VolumeSize: number;
  readonly ParentSnapshotId?: string | undefined;
  readonly Tags?: readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[] | undefined;
  readonly Description?: string | undefined;
  readonly Encrypted?: boolean | undefined;
  readonly KmsKeyArn?: string | undefined;
  readonly Timeout?: number | undefined;
}

export interface StartSnapshotOutput extends Answered {
  readonly SnapshotId: string;
  readonly OwnerId: string;
  readonly Status: 'pending' | 'completed' | 'error';
  readonly StartTime: Date;
  readonly VolumeSize: number;
  readonly BlockSize: number;
  readonly ParentSnapshotId?: string | undefined;
  readonly KmsKeyArn?: string | undefined;
  readonly Description?: string | undefined;
}

export interface ListSnapshotBlocksInput {
  readonly SnapshotId: string;
  readonly StartingBlockIndex?: number | undefined;
  readonly MaxResults?: number | undefined;
  readonly NextToken?: string | undefined;
}

export interface ListSnapshotBlocksOutput extends Answered {
  readonly Blocks: readonly { readonly BlockIndex: number; readonly BlockToken: string }[];
  readonly BlockSize: number;
  readonly VolumeSize: number;
  readonly ExpiryTime: Date;
  readonly NextToken?: string | undefined;
}

export interface GetSnapshotBlockInput {
  readonly SnapshotId: string;
  readonly BlockIndex: number;
  readonly BlockToken: string;
}

export interface GetSnapshotBlockOutput extends Answered {
  readonly BlockData: Buffer;
  readonly DataLength: number;
  readonly Checksum: string;
  readonly ChecksumAlgorithm: 'SHA256';
}

export interface PutSnapshotBlockInput {
  readonly SnapshotId: string;
  readonly BlockIndex: number;
  readonly BlockData: Uint8Array;
  readonly DataLength: number;
  readonly Checksum: string;
  readonly ChecksumAlgorithm: 'SHA256';
}

export interface PutSnapshotBlockOutput extends Answered {
  readonly Checksum: string;
  readonly ChecksumAlgorithm: 'SHA256';
}

export interface CompleteSnapshotInput {
  readonly SnapshotId: string;
  readonly ChangedBlocksCount: number;
  readonly Checksum?: string | undefined;
  readonly ChecksumAlgorithm?: 'SHA256' | undefined;
  readonly ChecksumAggregationMethod?: 'LINEAR' | undefined;
}

export interface CompleteSnapshotOutput extends Answered {
  readonly Status: 'pending' | 'completed' | 'error';
}
