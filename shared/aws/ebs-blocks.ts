/** Bytes of a block. https://docs.aws.amazon.com/ebs/latest/userguide/ebs-accessing-snapshot.html */
export const BLOCK_BYTES = 524_288;

/** The shortest page that can be asked for. https://docs.aws.amazon.com/ebs/latest/APIReference/API_ListSnapshotBlocks.html */
export const LEAST_RESULTS = 100;
