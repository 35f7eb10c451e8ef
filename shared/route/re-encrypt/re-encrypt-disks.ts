import { messageOf } from '#shared/aws/session';
import type { RouteOutcome, Target } from '#shared/case/case';
import { hold } from '#shared/case/claiming';
import type { Flow } from '#shared/case/flow';
import type { Tools } from '#shared/case/tools';
import type { Openness } from '#shared/plan/plan';
import { arnOf, principalOf } from '#shared/policy/principal';
import { approved } from '../approval.ts';
import type { Traces } from '../discard.ts';
import { recordIntent } from '../intent.ts';
import { copyDisk } from './copy-disk.ts';
import { type Ending, failed, type ReEncryptJob, ROUTE, tagsOf } from './job.ts';
import type { CopyKey, Places } from './places.ts';
import { OFF, placesFor } from './planning.ts';
import { type OpenSource, sourceOf } from './sources.ts';
import { endKeys, type KeyJob, makeKey } from './temporary-key.ts';

/** How the route ended, what it took away again or could not, and what stays beside the copies. */
export interface ReEncrypted extends Traces {
  readonly outcome: RouteOutcome;
  readonly remedy: string | null;
  readonly kept: readonly string[];
}

const closed = ({ because, remedy }: Pick<Openness, 'because' | 'remedy'>): ReEncrypted => ({
  outcome: { route: ROUTE, result: 'closed', note: because ?? '' },
  remedy,
  kept: [],
  removed: [],
  left: [],
});

/** The roles that copy: the one in the target's account, and Unlatch's own. */
const usersOf = (flow: Flow, { sessions, settings }: Tools, { accountId, region }: Target): Promise<string[]> =>
  flow.step('ask who copies', () =>
    Promise.all(
      [...new Set([accountId, settings.ACCOUNT_ID])].map(async (account) => {
        const principal = principalOf(await (await sessions.at(account, region)).caller);
        if (principal === null) throw new Error(`it is not known as which role Unlatch works in ${account}`);
        return arnOf(principal);
      }),
    ),
  );

/** What is asked to be approved, in the words in which keys are named to a person. */
const KEY_WORDS = {
  evidence: 'under the evidence key',
  temporary: 'under the temporary key',
  default: "under the account's default key for EBS",
} as const satisfies Record<CopyKey['kind'], string>;

const proposed = (
  { settings }: Tools,
  { target, availabilityZone }: ReEncryptJob,
  { passage, final, finalRegion, temporaryIn }: Places,
  sources: readonly OpenSource[],
): string[] => {
  const { ACCOUNT_ID: own, PLATFORM_ACCOUNT: platform, RESPONSE_ROLE: roles } = settings;
  const isShared = platform !== '' && platform !== own;
  const readers = final.kind === 'temporary' && isShared ? `, which roles ${roles} of account ${platform} may use` : '';
  return [
    ...(temporaryIn.length === 0
      ? []
      : [`a temporary KMS key in account ${own}, ${temporaryIn.join(' and ')}${readers}`]),
    ...sources.flatMap(({ volumeId, sizeGiB }) => [
      ...(passage === null
        ? []
        : [
            `for the time of the copy, a snapshot of ${volumeId}, ${sizeGiB} GiB, ${KEY_WORDS[passage.kind]}, in account ${target.accountId}, ${target.region}, shared with account ${own}`,
          ]),
      `a snapshot of ${volumeId}, ${sizeGiB} GiB, ${KEY_WORDS[final.kind]}, in account ${own}, ${finalRegion}${isShared ? `, shared with account ${platform}` : ''}`,
      ...(availabilityZone === null ? [] : [`a volume of that snapshot, in ${availabilityZone}`]),
    ]),
  ];
};

/**
 * A disk takes some twenty steps and three waits of up to a day, and more where EBS has no room for its copies: so many stay
 * below the 3,000 operations of a durable execution, even if each look of a wait counts.
 * https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
const MOST_DISKS = 30;

/** Until a copy begins, which holds on by itself: the frozen snapshots may take a day, and there are questions to ask. */
const HOLD_SECONDS = 2 * 86_400;

const outcomeOf = (endings: readonly Ending[], closedNotes: readonly string[]): RouteOutcome => {
  const artefacts = endings.flatMap(({ artefact }) => artefact ?? []);
  const note = [...endings.flatMap(({ notes }) => notes), ...closedNotes].join('; ');
  return artefacts.length > 0
    ? { route: ROUTE, result: 'preserved', artefacts, note }
    : { route: ROUTE, result: 'failed', note };
};

/** Copies the disks under the keys of the places, and ends what was made for that alone. */
const copyAll = async (
  flow: Flow,
  tools: Tools,
  job: ReEncryptJob,
  places: Places,
  sources: readonly OpenSource[],
): Promise<{ readonly endings: readonly Ending[]; readonly keys: Traces & { readonly kept: readonly string[] } }> => {
  const tags = tagsOf(job, tools);
  const { temporaryIn, final } = places;
  const keyJob = async (): Promise<KeyJob> => ({
    caseId: job.caseId,
    regions: temporaryIn,
    users: await usersOf(flow, tools, job.target),
    isRead: final.kind === 'temporary',
    tags: { ...tags, Name: `Unlatch key ${job.caseId}` },
  });
  let endings: readonly Ending[];
  try {
    const temporary = temporaryIn.length > 0 ? await makeKey(flow, tools, await keyJob()) : null;
    endings = await Promise.all(
      sources.map((source) =>
        flow.branch(`re-encrypt ${source.volumeId}`, (part) =>
          copyDisk(part, tools, job, places, temporary, source, sources.length),
        ),
      ),
    );
    const stays = final.kind === 'temporary' && endings.some(({ stands }) => stands);
    if (stays && temporary !== null) {
      const until = tags['unlatch:expires'].slice(0, 10);
      const kept = `the temporary key ${temporary(places.finalRegion)}, under which the copies stand: until they are gone, or swept after ${until}`;
      return { endings, keys: { removed: [], left: [], kept: [kept] } };
    }
  } catch (error) {
    endings = sources.map(({ volumeId }) => failed(volumeId, messageOf(error), { removed: [], left: [] }));
  }
  const ended = await endKeys(flow, tools, { caseId: job.caseId, regions: temporaryIn });
  return { endings, keys: { ...ended, kept: [] } };
};

/**
 * Copies the frozen disks under keys that the platform may use, where their own key may not leave its account or does not
 * know the platform. The copies stay encrypted, and end in Unlatch's account; nothing stays in the target's.
 */
export const reEncryptDisks = async (flow: Flow, tools: Tools, job: ReEncryptJob): Promise<ReEncrypted> => {
  const { target, frozen, caseId } = job;
  if (!tools.settings.RE_ENCRYPT) return closed(OFF);
  if (frozen.length === 0) return closed({ because: 'the disks were not frozen', remedy: null });
  await hold(flow, tools, job.claimed, HOLD_SECONDS + tools.settings.APPROVAL_WAIT * 60);
  const places = await placesFor(flow, tools, target);
  const volumes = target.volumes.slice(0, MOST_DISKS);
  const looked = await Promise.all(
    volumes.map(({ volumeId }) =>
      flow.branch(`look at ${volumeId}`, (part) =>
        sourceOf(part, tools, target, places, volumeId, frozen, volumes.length),
      ),
    ),
  );
  const sources = looked.filter((source) => source.open);
  const others = [
    ...looked.flatMap((source) => (source.open ? [] : [`${source.volumeId}: ${source.because}`])),
    ...target.volumes.slice(MOST_DISKS).map(({ volumeId }) => `${volumeId}: one case copies ${MOST_DISKS} disks`),
  ];
  if (sources.length === 0) return closed({ because: others.join('; '), remedy: null });
  const refusal = await approved(flow, tools, { caseId, lines: proposed(tools, job, places, sources) });
  if (refusal !== null) return closed({ because: refusal, remedy: null });

  await recordIntent(flow, tools, job, ROUTE, {
    keysIn: places.temporaryIn,
    volumes: sources.map(({ volumeId }) => volumeId),
  });
  const { endings, keys } = await copyAll(flow, tools, job, places, sources);
  return {
    outcome: outcomeOf(endings, others),
    remedy: null,
    kept: keys.kept,
    removed: [...endings.flatMap(({ removed }) => removed), ...keys.removed],
    left: [...endings.flatMap(({ left }) => left), ...keys.left],
  };
};
