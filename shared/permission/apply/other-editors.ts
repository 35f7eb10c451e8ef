import * as z from 'zod';
import { type AwsSession, type Custody, recorded } from '#shared/aws/session';
import type { Flow } from '#shared/case/flow';
import { fitsRolePattern, rolePartsOf } from '#shared/signal/role-pattern';
import type { PolicyEdit } from '../plan.ts';
import type { OtherChange } from '../report.ts';
import type { PermissionTools } from './tools.ts';

/**
 * Whether somebody else wrote the same policies at the same time. IAM writes the whole document and takes the last one, so
 * a change that came between the last look and the write is gone without a trace in IAM. CloudTrail's event history has
 * it, minutes later, with the document that was put.
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events.html
 */

const REGIONS: Readonly<Record<string, string>> = {
  aws: 'us-east-1',
  'aws-cn': 'cn-north-1',
  'aws-us-gov': 'us-gov-west-1',
};

/** What can be lost under a write, or take it away. */
const CHANGES: ReadonlySet<string> = new Set([
  'PutRolePolicy',
  'DeleteRolePolicy',
  'CreatePolicyVersion',
  'DeletePolicyVersion',
  'SetDefaultPolicyVersion',
  'AttachRolePolicy',
  'DetachRolePolicy',
]);

const Found = z.object({
  Events: z.array(z.object({ EventName: z.string(), EventTime: z.date(), CloudTrailEvent: z.string() })).default([]),
  NextToken: z.string().optional(),
});

const text = z.string().nullish().catch(null);
const Recorded = z.object({
  errorCode: text,
  userIdentity: z.object({ arn: text }).catch({ arn: null }),
  requestParameters: z
    .object({ policyName: text, policyArn: text, policyDocument: text })
    .catch({ policyName: null, policyArn: null, policyDocument: null }),
});

interface Change extends OtherChange {
  readonly isOwn: boolean;
  readonly policy: string | null;
  readonly name: string;
}

const parsed = (record: string) => {
  try {
    return Recorded.safeParse(JSON.parse(record)).data ?? null;
  } catch {
    return null;
  }
};

/** A change of which nothing can be read counts as somebody's: it is not known to be harmless. */
const changeOf = (event: z.infer<typeof Found>['Events'][number], ownRoles: readonly string[]): Change | null => {
  const record = parsed(event.CloudTrailEvent);
  if (record?.errorCode) return null;
  const caller = record?.userIdentity.arn ?? 'unknown';
  const role = rolePartsOf(caller).roleName ?? '';
  const { policyName = null, policyArn = null, policyDocument = null } = record?.requestParameters ?? {};
  return {
    at: event.EventTime.toISOString(),
    caller,
    what: `${event.EventName} ${policyName ?? policyArn ?? ''}`.trim(),
    document: policyDocument,
    isOwn: ownRoles.some((pattern) => fitsRolePattern(role, pattern)),
    policy: policyName ?? policyArn,
    name: event.EventName,
  };
};

const MOST_PAGES = 10;

const changesOf = async (
  session: AwsSession,
  custody: Custody,
  { name, from, ownRoles }: { name: string; from: Date; ownRoles: readonly string[] },
): Promise<Change[]> => {
  const changes: Change[] = [];
  let next: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const answer = await recorded(custody, session, 'cloudtrail:LookupEvents', name, async () =>
      (await session.cloudTrail()).eventsOf(name, next),
    );
    const { Events, NextToken } = Found.parse(answer);
    changes.push(
      ...Events.filter(({ EventName }) => CHANGES.has(EventName)).flatMap((event) => changeOf(event, ownRoles) ?? []),
    );
    next = NextToken;
    // Newest first: what is older than the first look is no news.
    if (next === undefined || Events.some(({ EventTime }) => EventTime < from)) break;
  }
  return changes;
};

const nameOf = (policy: string): string => policy.slice(policy.lastIndexOf('/') + 1);

/** "Within 15 minutes of an API call" at most, as a rule; the pauses add up to 25. */
const HISTORY_PAUSES = [120, 180, 300, 300, 600] as const;

/** Copies of IAM lag: what was written this long before the first look may not have been seen by it. */
const UNSEEN_SECONDS = 120;

/** As CloudTrail names what an edit did. */
const EVENTS = {
  'put-inline': 'PutRolePolicy',
  'delete-inline': 'DeleteRolePolicy',
  'new-version': 'CreatePolicyVersion',
  detach: 'DetachRolePolicy',
} as const satisfies Record<PolicyEdit['act'], string>;

interface Wanted {
  readonly accountId: string;
  readonly roleName: string;
  readonly edits: readonly PolicyEdit[];
  /** From the first look on, ISO 8601. */
  readonly since: string;
}

/** CloudTrail's times are whole seconds. */
const second = (time: string): number => Math.floor(Date.parse(time) / 1000);

/** What was written is no news, and neither is the document that planning started from where it was there before. */
const isNews = ({ at, document }: Change, { before, after }: PolicyEdit, since: string): boolean => {
  if (document === null) return true;
  return document !== after && !(document === before && second(at) < second(since));
};

/** The edit itself, and not one of an earlier retirement. */
const isOf = ({ isOwn, policy, name, at }: Change, edit: PolicyEdit, since: string): boolean =>
  isOwn && policy === edit.policy && name === EVENTS[edit.act] && second(at) >= second(since);

const isOther = (change: Change, { edits, since }: Wanted): boolean => {
  if (change.isOwn || second(change.at) < second(since) - UNSEEN_SECONDS) return false;
  const edit = edits.find(({ policy }) => policy === change.policy);
  if (edit === undefined) return change.policy === null;
  return isNews(change, edit, since);
};

/**
 * The changes that may have been lost under the edits, or `null` where CloudTrail does not tell: once the edits themselves
 * show in its history, what came before them does too.
 */
export const otherEditors = async (
  flow: Flow,
  tools: PermissionTools,
  wanted: Wanted,
): Promise<readonly OtherChange[] | null> => {
  const { settings, sessions } = tools;
  const region = REGIONS[settings.PARTITION] ?? settings.AWS_REGION;
  const from = new Date(Date.parse(wanted.since) - UNSEEN_SECONDS * 1000);
  // A role's inline policies are found by the role, managed ones by their own names.
  const names = new Set(
    wanted.edits.flatMap(({ act, policy }) => {
      if (act === 'new-version') return [policy, nameOf(policy)];
      return act === 'detach' ? [wanted.roleName, policy] : [wanted.roleName];
    }),
  );
  return flow
    .until<OtherChange[]>(
      'look for other editors',
      async (custody) => {
        const session = await sessions.at(wanted.accountId, region);
        const found: Change[] = [];
        for (const name of names) {
          found.push(...(await changesOf(session, custody, { name, from, ownRoles: settings.OWN_ROLES })));
        }
        if (!wanted.edits.every((edit) => found.some((change) => isOf(change, edit, wanted.since)))) return null;
        return found
          .filter((change) => isOther(change, wanted))
          .map(({ at, caller, what, document }) => ({ at, caller, what, document }));
      },
      HISTORY_PAUSES,
    )
    .catch(() => null);
};
