import { BLOCK_BYTES } from '#shared/aws/ebs-blocks';
import { endOfStripe, firstInLane, type Lane, lanesOf } from '#shared/route/unencrypted-copy/lane';

/**
 * A disk copy in virtual time: the lanes are the real ones, stripe by stripe; AWS is its quotas, Lambda its limits. What
 * the copy waits for beside them is named here, and nothing is drawn by lot.
 */
export interface Disk {
  readonly name: string;
  readonly sizeGiB: number;
  readonly isWritten: (stripe: number) => boolean;
  /** Under the evidence key: zeros are written too. */
  readonly everyBlock: boolean;
}

export interface CopyInTime {
  readonly blocks: number;
  readonly copySeconds: number;
  /** What was written, of what the snapshot's quota lets through in that time. */
  readonly ofCeiling: number;
  readonly verifySeconds: number;
  readonly runs: number;
  readonly mostRunsOfLane: number;
  readonly operations: number;
  readonly requests: { readonly list: number; readonly get: number; readonly put: number };
  readonly dollars: { readonly ebs: number; readonly lambda: number };
}

/** Gets and Puts a second of one snapshot. https://docs.aws.amazon.com/ebs/latest/userguide/ebs-resource-quotas.html */
export const CEILING = 1_000;
const LISTS_A_SECOND = 50;
/** Both directions of a function's network together. */
const NETWORK_BYTES = 625_000_000 / 8;
/** As `copy-blocks` has it: 15 minutes, of which it keeps one. */
const RUN_SECONDS = 900 - 60;
const CALL_SECONDS = 0.1;
const COLD_START_SECONDS = 1;
/** The blocks under way, and the checksums into the bucket. */
const WIND_UP_SECONDS = 1;
/** From a request to its answer, where one waits for the other. */
const ANSWER_SECONDS = 0.1;
/** Blocks of a part that are read back, and what it takes to have its checksums. */
const READ_BACK = 32;
const PART_SECONDS = 0.3;
/** Those of an execution beside its lanes': some 50 steps, and two waits of a day for snapshots to complete. */
const OPERATIONS_BESIDE = 250;

/** https://aws.amazon.com/ebs/pricing/, https://aws.amazon.com/lambda/pricing/ (arm64); dollars. */
const PRICE = {
  get: 0.003 / 1_000,
  put: 0.006 / 1_000,
  list: 0.0006 / 1_000,
  gibSecond: 0.0000133334,
  call: 0.2 / 1e6,
};
const FUNCTION_GIB = 1_769 / 1_024;

const TICK_SECONDS = 0.25;

/** So many a second, and what a second leaves over. */
const bucketOf = (rate: number) => {
  let tokens = rate;
  return {
    fill: () => {
      tokens = Math.min(rate, tokens + rate * TICK_SECONDS);
    },
    take: (wanted: number): number => {
      const taken = Math.min(wanted, tokens);
      tokens -= taken;
      return taken;
    },
    left: () => tokens,
  };
};

interface Stripe {
  readonly blocks: number;
  readonly written: boolean;
}

/** What a lane copies, in order: stripes that hold nothing are passed over, unless zeros are written. */
const stripesOf = (lane: Lane, { isWritten, everyBlock }: Disk): readonly Stripe[] => {
  const stripes: Stripe[] = [];
  for (let at = firstInLane(lane, 0); at !== null; at = firstInLane(lane, endOfStripe(at))) {
    const blocks = endOfStripe(at) - at;
    const written = isWritten(Math.floor(at / blocks));
    if (written || everyBlock) stripes.push({ blocks, written });
  }
  return stripes;
};

/** A lane as it goes: where it stands, and what its worker does until when. */
interface Going {
  readonly stripes: readonly Stripe[];
  place: number;
  /** Of the stripe it stands in; `null` before that is listed. */
  left: number | null;
  runs: number;
  /** Blocks are copied from, and until. */
  from: number;
  until: number;
  endedAt: number | null;
  workerSeconds: number;
}

const called = (lane: Going, now: number): void => {
  lane.runs += 1;
  lane.from = now + CALL_SECONDS + COLD_START_SECONDS;
  lane.until = lane.from + RUN_SECONDS;
};

const returned = (lane: Going, now: number): number => {
  lane.workerSeconds += COLD_START_SECONDS + (now - lane.from) + WIND_UP_SECONDS;
  return now + WIND_UP_SECONDS;
};

interface Requests {
  list: number;
  get: number;
  put: number;
}

/** One tick of a worker: as many blocks as its network carries and its share of the quotas allows. */
const advance = (
  lane: Going,
  requests: Requests,
  share: number,
  { lists, gets, puts }: Record<'lists' | 'gets' | 'puts', ReturnType<typeof bucketOf>>,
): void => {
  let bytes = NETWORK_BYTES * TICK_SECONDS;
  let blocks = share;
  for (let stripe = lane.stripes[lane.place]; stripe !== undefined; stripe = lane.stripes[lane.place]) {
    if (lane.left === null) {
      if (lists.take(1) < 1) return;
      requests.list += 1;
      lane.left = stripe.blocks;
    }
    const size = stripe.written ? 2 * BLOCK_BYTES : BLOCK_BYTES;
    const wanted = Math.min(lane.left, bytes / size, blocks, stripe.written ? gets.left() : Number.POSITIVE_INFINITY);
    const copied = puts.take(wanted);
    if (stripe.written) requests.get += gets.take(copied);
    requests.put += copied;
    bytes -= copied * size;
    blocks -= copied;
    lane.left -= copied;
    if (lane.left > 1e-6) return;
    lane.left = null;
    lane.place += 1;
  }
};

const isActive = (lane: Going, now: number): boolean => lane.endedAt === null && now >= lane.from;

/** All lanes, tick by tick, until the last has ended. */
const copied = (going: readonly Going[], requests: Requests): number => {
  const buckets = { lists: bucketOf(LISTS_A_SECOND), gets: bucketOf(CEILING), puts: bucketOf(CEILING) };
  for (const lane of going) called(lane, 0);
  let now = 0;
  for (let tick = 1; going.some(({ endedAt }) => endedAt === null); tick += 1) {
    for (const bucket of Object.values(buckets)) bucket.fill();
    let sharers = going.filter((lane) => isActive(lane, now)).length;
    for (const lane of going) {
      if (!isActive(lane, now)) continue;
      // What one leaves of its share, those after it may use.
      advance(lane, requests, buckets.puts.left() / sharers, buckets);
      sharers -= 1;
      if (lane.place === lane.stripes.length) lane.endedAt = returned(lane, now);
      else if (now >= lane.until) {
        called(lane, returned(lane, now));
        // Another worker lists the rest of the stripe anew.
        if (lane.left !== null) requests.list += 1;
      }
    }
    now = tick * TICK_SECONDS;
  }
  return Math.max(...going.map(({ endedAt }) => endedAt ?? 0));
};

/** How long verifying the parts of each lane takes: one request after the other, all lanes below the quota of listings. */
const verified = (disk: Disk, lanes: readonly Lane[], going: readonly Going[], requests: Requests) => {
  const stripesOfLane = Math.ceil(disk.sizeGiB / lanes.length);
  const listsOfLane = (parts: number): number => stripesOfLane + parts;
  const lists = going.reduce((sum, { runs }) => sum + listsOfLane(runs), 0);
  const alone = (parts: number) =>
    listsOfLane(parts) * ANSWER_SECONDS + parts * (READ_BACK * ANSWER_SECONDS + PART_SECONDS);
  const slowed = Math.max(1, lists / LISTS_A_SECOND / Math.max(...going.map(({ runs }) => alone(runs))));
  requests.list += lists;
  const ended = going.map(({ runs: parts }) => {
    requests.get += parts * READ_BACK;
    const seconds = alone(parts) * slowed;
    const runs = Math.ceil(seconds / RUN_SECONDS);
    return { runs, seconds: seconds + runs * (CALL_SECONDS + COLD_START_SECONDS) };
  });
  return {
    runs: ended.reduce((sum, { runs }) => sum + runs, 0),
    seconds: Math.max(...ended.map(({ seconds }) => seconds)),
    workerSeconds: ended.reduce((sum, { seconds }) => sum + seconds, 0),
  };
};

/** Copies and verifies a disk in virtual time. */
export const copyInTime = (disk: Disk): CopyInTime => {
  const lanes = lanesOf(disk.sizeGiB);
  const requests: Requests = { list: 0, get: 0, put: 0 };
  const going = lanes.map(
    (lane): Going => ({
      stripes: stripesOf(lane, disk),
      place: 0,
      left: null,
      runs: 0,
      from: 0,
      until: 0,
      endedAt: null,
      workerSeconds: 0,
    }),
  );
  const copySeconds = copied(going, requests);
  const blocks = Math.round(requests.put);
  const verifying = verified(disk, lanes, going, requests);
  const runs = going.reduce((sum, lane) => sum + lane.runs, 0) + verifying.runs;
  const workerSeconds = going.reduce((sum, lane) => sum + lane.workerSeconds, 0) + verifying.workerSeconds;
  const { list, get, put } = requests;
  return {
    blocks,
    copySeconds,
    ofCeiling: blocks / (CEILING * copySeconds),
    verifySeconds: verifying.seconds,
    runs,
    mostRunsOfLane: Math.max(...going.map((lane) => lane.runs)),
    // A branch and its calls for each lane, to copy and to verify.
    operations: OPERATIONS_BESIDE + 2 * lanes.length + runs,
    requests: { list: Math.round(list), get: Math.round(get), put: Math.round(put) },
    dollars: {
      ebs: list * PRICE.list + get * PRICE.get + put * PRICE.put,
      lambda: workerSeconds * FUNCTION_GIB * PRICE.gibSecond + runs * PRICE.call,
    },
  };
};

/** Knuth's multiplicative hash: no pattern, and the same in every run. */
const isDrawn = (stripe: number, percent: number): boolean =>
  (Math.imul(stripe + 1, 2_654_435_761) >>> 8) % 100 < percent;

const full = { isWritten: () => true, everyBlock: false };
const sparse = { isWritten: (stripe: number) => isDrawn(stripe, 30), everyBlock: false };

export const DISKS = {
  '1 TiB': { name: '1 TiB, full', sizeGiB: 1_024, ...full },
  '16 TiB': { name: '16 TiB, full', sizeGiB: 16_384, ...full },
  '16 TiB sparse': { name: '16 TiB, 30 % written', sizeGiB: 16_384, ...sparse },
  '16 TiB encrypted': { name: 'all of it written', sizeGiB: 16_384, ...sparse, everyBlock: true },
  '64 TiB': { name: '64 TiB, full', sizeGiB: 65_536, ...full },
} as const satisfies Record<string, Disk>;
