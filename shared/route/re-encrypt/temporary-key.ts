import { cancelCommand, createAlias, createKey, describeKey, endKey, findKeys, replicateKey } from '#shared/aws/keys';
import { type AwsSession, messageOf } from '#shared/aws/session';
import { type Flow, pausesUpTo } from '#shared/case/flow';
import type { Tools } from '#shared/case/tools';
import { KeyArn } from '#shared/signal/identifiers';
import type { Traces } from '../discard.ts';
import { recordMade } from '../made.ts';
import { temporaryKeyPolicy } from './key-policy.ts';

/** A key that is to be made for a case. */
export interface KeyJob {
  readonly caseId: string;
  /** One Region, or the primary's and the replica's. */
  readonly regions: readonly string[];
  /** ARNs of the roles that copy under it. */
  readonly users: readonly string[];
  /** Whether the platform reads a copy that stays under it. */
  readonly isRead: boolean;
  readonly tags: Readonly<Record<string, string>>;
}

/** The ARN of the key in a Region. */
export type KeyIn = (region: string) => KeyArn;

/** A replica gets its material within moments. */
const REPLICA_SECONDS = 600;
/** Names that are tried where somebody else's key has the first. */
const MOST_NAMES = 5;

const ownSession = ({ sessions, settings }: Tools, region: string): Promise<AwsSession> =>
  sessions.at(settings.ACCOUNT_ID, region);

const policyOf = ({ settings }: Tools, { users, isRead }: KeyJob, region: string): string =>
  temporaryKeyPolicy({
    partition: settings.PARTITION,
    accountId: settings.ACCOUNT_ID,
    users,
    region,
    readers: isRead ? { accountId: settings.PLATFORM_ACCOUNT, roles: settings.RESPONSE_ROLE } : null,
  });

/** Gives the key an alias of the configured kind: leave to end it may hang on that. */
const name = (flow: Flow, tools: Tools, { caseId }: KeyJob, keyArn: KeyArn, region: string): Promise<void> =>
  flow.step(`name the key in ${region}`, async (custody) => {
    const session = await ownSession(tools, region);
    const first = `${tools.settings.KEY_ALIAS_PREFIX}-${caseId}`;
    for (let number = 1; number <= MOST_NAMES; number += 1)
      if (await createAlias(session, custody, number === 1 ? first : `${first}-${number}`, keyArn)) return;
    throw new Error(`${first} and names like it are taken by other keys`);
  });

const replicate = async (flow: Flow, tools: Tools, job: KeyJob, keyArn: KeyArn, region: string): Promise<void> => {
  const [primary = region] = job.regions;
  const replicaArn = inRegion(keyArn, region);
  const described = async (custody: Parameters<typeof describeKey>[1]) =>
    describeKey(await ownSession(tools, region), custody, replicaArn);
  await flow.once(
    `replicate the key to ${region}`,
    async (custody) =>
      replicateKey(await ownSession(tools, primary), custody, {
        keyArn,
        region,
        policy: policyOf(tools, job, region),
        tags: job.tags,
      }),
    async (custody) => (await described(custody))?.keyArn ?? null,
  );
  await recordMade(flow, tools, replicaArn, job.tags, () => ownSession(tools, region));
  const usable = await flow.until(
    'wait for the replica',
    async (custody) => ((await described(custody))?.state === 'Enabled' ? true : null),
    pausesUpTo(REPLICA_SECONDS),
  );
  if (usable !== true) throw new Error(`the replica ${replicaArn} was not seen to be usable`);
  await name(flow, tools, job, replicaArn, region);
};

const inRegion = (keyArn: KeyArn, region: string): KeyArn =>
  KeyArn.parse(keyArn.replace(/^((?:[^:]*:){3})[^:]*/, `$1${region}`));

/** Makes the key of a case, its alias and, where there are two Regions, its replica. */
export const makeKey = async (flow: Flow, tools: Tools, job: KeyJob): Promise<KeyIn> => {
  const [primary, ...others] = job.regions;
  if (primary === undefined) throw new Error('a key is made in some Region');
  const keyArn = await flow.once(
    'make the key',
    async (custody) =>
      createKey(await ownSession(tools, primary), custody, {
        description: `Unlatch ${job.caseId}: copies of disks`,
        policy: policyOf(tools, job, primary),
        tags: job.tags,
        multiRegion: others.length > 0,
      }),
    async (custody) => {
      const [found] = await findKeys(await ownSession(tools, primary), custody, 'unlatch:case', job.caseId);
      return found?.keyArn ?? null;
    },
  );
  await recordMade(flow, tools, keyArn, job.tags, () => ownSession(tools, primary));
  await name(flow, tools, job, keyArn, primary);
  for (const region of others) await replicate(flow, tools, job, keyArn, region);
  return (region) => inRegion(keyArn, region);
};

/**
 * Ends every key of the case, replicas before their primary. They are looked for by their tag, where the making of one was
 * broken off; and ended where the ledger says that they are Unlatch's, for anybody may tag a key.
 */
export const endKeys = async (
  flow: Flow,
  tools: Tools,
  { caseId, regions }: Pick<KeyJob, 'caseId' | 'regions'>,
): Promise<Traces> => {
  const removed: string[] = [];
  const left: string[] = [];
  for (const region of [...regions].reverse()) {
    const traces = await flow
      .step(`end the keys in ${region}`, async (custody): Promise<Traces> => {
        const session = await ownSession(tools, region);
        const ended: string[] = [];
        const strange: string[] = [];
        for (const { keyArn } of await findKeys(session, custody, 'unlatch:case', caseId)) {
          if ((await tools.made.of(keyArn))?.caseId !== caseId) {
            strange.push(`${keyArn}: it bears the case's tag, and no record says that Unlatch made it`);
            continue;
          }
          const state = await endKey(session, custody, keyArn, tools.settings.KEY_ALIAS_PREFIX);
          if (state !== null) ended.push(endedKey(keyArn, state.deletedAt));
        }
        return { removed: ended, left: strange };
      })
      .catch(
        (error: unknown): Traces => ({
          removed: [],
          left: [`the temporary key of ${caseId} in ${region}, if one was made: ${messageOf(error)}`],
        }),
      );
    removed.push(...traces.removed);
    left.push(...traces.left);
  }
  return { removed, left };
};

/** How a key's end is told: until when it can be called off, and how. */
export const endedKey = (keyArn: string, deletedAt: string | null): string =>
  `the temporary key ${keyArn}, which is deleted ${deletedAt === null ? 'after its replicas' : `on ${deletedAt.slice(0, 10)}`}; to call that off: \`${cancelCommand(keyArn)}\``;
