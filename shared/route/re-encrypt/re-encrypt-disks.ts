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
const usersOf = async (flow: Flow, { sessions, settings }: Tools, { accountId, region }: Target): Promise<string[]> => {
  const callers = await flow.step('ask who copies', () =>
    Promise.all(
      [...new Set([accountId, settings.ACCOUNT_ID])].map(
        async (account) => (await sessions.at(account, region)).caller,
      ),
    ),
  );
  return callers.map((caller) => {
    const principal = principalOf(caller);
    if (principal === null) throw new Error('it is not known as which roles Unlatch works');
    return arnOf(principal);
  });
};

/** What is asked to be approved, in the words in which keys are named to a person. */
const KEY_WORDS = {
  evidence: 'under the evidence key',
  temporary: 'under the temporary key',
  default: "under the account's default key for EBS",
} as const satisfies Record<CopyKey['kind'], string>;

const proposed = (tools: Tools, { target }: ReEncryptJob, places: Places, sources: readonly OpenSource[]): string[] => [
  ...(places.temporaryIn.length === 0
    ? []
    : [`a temporary KMS key in account ${tools.settings.ACCOUNT_ID}, ${places.temporaryIn.join(' and ')}`]),
  ...sources.flatMap(({ volumeId, sizeGiB }) => [
    ...(places.passage === null
      ? []
      : [
          `for the time of the copy, a snapshot of ${volumeId}, ${sizeGiB} GiB, ${KEY_WORDS[places.passage.kind]}, in account ${target.accountId}, ${target.region}`,
        ]),
    `a snapshot of ${volumeId}, ${sizeGiB} GiB, ${KEY_WORDS[places.final.kind]}, in account ${tools.settings.ACCOUNT_ID}, ${places.finalRegion}`,
  ]),
];

/** Two copies, each of which may take a day, and the waits for room before them. */
const HOLD_SECONDS = 4 * 86_400;

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
  const keyJob: KeyJob = {
    caseId: job.caseId,
    regions: places.temporaryIn,
    users: await usersOf(flow, tools, job.target),
    isRead: places.final.kind === 'temporary',
    tags: { ...tags, Name: `Unlatch key ${job.caseId}` },
  };
  const needsKey = places.temporaryIn.length > 0;
  let endings: readonly Ending[];
  try {
    const temporary = needsKey ? await makeKey(flow, tools, keyJob) : null;
    endings = await Promise.all(
      sources.map((source) =>
        flow.branch(`re-encrypt ${source.volumeId}`, (part) => copyDisk(part, tools, job, places, temporary, source)),
      ),
    );
    const stays = places.final.kind === 'temporary' && endings.some(({ artefact }) => artefact !== null);
    if (stays && temporary !== null) {
      const until = tags['unlatch:expires'].slice(0, 10);
      const kept = `the temporary key ${temporary(places.finalRegion)}, under which the copies stand: until they are gone, or swept after ${until}`;
      return { endings, keys: { removed: [], left: [], kept: [kept] } };
    }
  } catch (error) {
    endings = sources.map(({ volumeId }) => failed(volumeId, messageOf(error), { removed: [], left: [] }));
  }
  const ended = needsKey ? await endKeys(flow, tools, keyJob) : { removed: [], left: [] };
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
  const places = await placesFor(flow, tools, target);
  const looked = await Promise.all(
    target.volumes.map(({ volumeId }) =>
      flow.branch(`look at ${volumeId}`, (part) => sourceOf(part, tools, target, places, volumeId, frozen)),
    ),
  );
  const sources = looked.filter((source) => source.open);
  const others = looked.flatMap((source) => (source.open ? [] : [`${source.volumeId}: ${source.because}`]));
  if (sources.length === 0) return closed({ because: others.join('; '), remedy: null });
  const refusal = await approved(flow, tools, { caseId, lines: proposed(tools, job, places, sources) });
  if (refusal !== null) return closed({ because: refusal, remedy: null });

  await hold(flow, tools, job.claimed, HOLD_SECONDS);
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
