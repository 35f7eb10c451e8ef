import type { AwsSession, Custody } from '#shared/aws/session';
import { recorded } from '#shared/aws/session';
import type { Flow } from '#shared/case/flow';
import type { PolicyEdit } from '../plan.ts';
import { type IamReader, iamReader } from './reading.ts';

/** What stands in IAM: the document as it was, as it is to be, or neither: somebody else has changed it. */
export type Standing = 'before' | 'after' | 'other';

const standingOf = (found: string | null, { before, after }: PolicyEdit): Standing => {
  if (found === after) return 'after';
  return found === before ? 'before' : 'other';
};

const READERS = {
  'put-inline': (reader, role, edit) => reader.inline(role, edit.policy),
  'delete-inline': (reader, role, edit) => reader.inline(role, edit.policy),
  'new-version': async (reader, _, edit) => (await reader.defaultVersion(edit.policy)).document,
  detach: async (reader, role, edit) =>
    (await reader.attachedTo(role)).includes(edit.policy) ? (await reader.defaultVersion(edit.policy)).document : null,
} as const satisfies Record<
  PolicyEdit['act'],
  (reader: IamReader, role: string, edit: PolicyEdit) => Promise<string | null>
>;

/** What an edit's policy is now. */
export const look = async (reader: IamReader, role: string, edit: PolicyEdit): Promise<Standing> =>
  standingOf(await READERS[edit.act](reader, role, edit), edit);

type Write = (session: AwsSession, custody: Custody, role: string, edit: PolicyEdit) => Promise<void>;

const writeOf =
  (
    api: `iam:${string}`,
    send: (
      iam: Awaited<ReturnType<AwsSession['rolePolicies']>>,
      role: string,
      edit: PolicyEdit,
    ) => Promise<{ readonly $metadata: { requestId?: string | undefined } }>,
  ): Write =>
  async (session, custody, role, edit) => {
    const iam = await session.rolePolicies();
    await recorded(custody, session, api, `${role} ${edit.policy}`, () => send(iam, role, edit));
  };

const WRITES: Readonly<Record<PolicyEdit['act'], Write>> = {
  'put-inline': writeOf('iam:PutRolePolicy', (iam, role, { policy, after }) =>
    iam.putInline(role, policy, after ?? ''),
  ),
  'delete-inline': writeOf('iam:DeleteRolePolicy', (iam, role, { policy }) => iam.deleteInline(role, policy)),
  'new-version': writeOf('iam:CreatePolicyVersion', (iam, _, { policy, after }) =>
    iam.createVersion(policy, after ?? ''),
  ),
  detach: writeOf('iam:DetachRolePolicy', (iam, role, { policy }) => iam.detach(role, policy)),
};

const putBackInline = writeOf('iam:PutRolePolicy', (iam, role, { policy, before }) =>
  iam.putInline(role, policy, before),
);
const setBack = writeOf('iam:SetDefaultPolicyVersion', (iam, _, { policy, beforeVersion }) =>
  iam.setDefault(policy, beforeVersion ?? ''),
);
const newVersionOfBefore = writeOf('iam:CreatePolicyVersion', (iam, _, { policy, before }) =>
  iam.createVersion(policy, before),
);

/** The version that was in force is set back; where it is gone, its document becomes a new one. */
const putBackVersion: Write = async (session, custody, role, edit) => {
  const reader = iamReader(session, custody);
  const versions = await reader.versions(edit.policy);
  const isKept =
    versions.some(({ versionId }) => versionId === edit.beforeVersion) &&
    (await reader.version(edit.policy, edit.beforeVersion ?? '')) === edit.before;
  return (isKept ? setBack : newVersionOfBefore)(session, custody, role, edit);
};

const WAYS_BACK: Readonly<Record<PolicyEdit['act'], Write>> = {
  'put-inline': putBackInline,
  'delete-inline': putBackInline,
  'new-version': putBackVersion,
  detach: writeOf('iam:AttachRolePolicy', (iam, role, { policy }) => iam.attach(role, policy)),
};

/** How one write ended. */
export interface Written {
  /** `other`: somebody else has changed the policy. */
  readonly stands: Standing;
  /** Whether it may have been written before somebody else changed the policy: an interrupted write tells nothing. */
  readonly wasTried: boolean;
  readonly at: string;
}

interface Way {
  readonly name: string;
  readonly from: 'before' | 'after';
  readonly to: 'before' | 'after';
  readonly writes: Readonly<Record<PolicyEdit['act'], Write>>;
  /** Whether what would be written is still what was planned. */
  readonly isSame: (reader: IamReader, edit: PolicyEdit) => Promise<boolean>;
}

const FORTH: Way = { name: 'edit', from: 'before', to: 'after', writes: WRITES, isSame: async () => true };

/** A policy that was detached may have become another one since: what it allows now, the role never had. */
const isAsDetached = async (reader: IamReader, { act, policy, before }: PolicyEdit): Promise<boolean> =>
  act !== 'detach' || (await reader.standing(policy))?.document === before;

const BACK: Way = { name: 'put back', from: 'after', to: 'before', writes: WAYS_BACK, isSame: isAsDetached };

/**
 * One policy, written at most once: read again immediately before, and left alone where it is not what was planned from.
 * IAM has no condition on a write, so this is as near as one can come. An interrupted write is looked at first.
 * https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePolicy.html
 */
const writeOnce = (flow: Flow, session: () => Promise<AwsSession>, role: string, edit: PolicyEdit, way: Way) =>
  flow.once<Written>(
    `${way.name} ${edit.policy}`,
    async (custody) => {
      const at = await session();
      const reader = iamReader(at, custody);
      const stands = await look(reader, role, edit);
      const isToWrite = stands === way.from && (await way.isSame(reader, edit));
      if (isToWrite) await way.writes[edit.act](at, custody, role, edit);
      const isThere = isToWrite || stands === way.to;
      return { stands: isThere ? way.to : 'other', wasTried: false, at: new Date().toISOString() };
    },
    async (custody) => {
      const stands = await look(iamReader(await session(), custody), role, edit);
      return stands === way.from ? null : { stands, wasTried: true, at: new Date().toISOString() };
    },
  );

export const writeEdit = (flow: Flow, session: () => Promise<AwsSession>, role: string, edit: PolicyEdit) =>
  writeOnce(flow, session, role, edit, FORTH);

export const putBack = (flow: Flow, session: () => Promise<AwsSession>, role: string, edit: PolicyEdit) =>
  writeOnce(flow, session, role, edit, BACK);

/** IAM "achieves high availability by replicating data": a change shows after seconds, rarely after minutes. */
const SETTLE = [2, 3, 5, 10, 20, 30, 60, 120] as const;

/** One look proves nothing where copies lag: all of three have to show it. */
const LOOKS = 3;

/**
 * Waits until all edits show everywhere, and answers what shows: `to`, or `other` where somebody else's document came
 * through; `null` where neither does in time.
 */
export const settled = (
  flow: Flow,
  name: string,
  session: () => Promise<AwsSession>,
  role: string,
  edits: readonly PolicyEdit[],
  to: 'before' | 'after',
): Promise<Standing | null> =>
  flow.until<Standing>(
    name,
    async (custody) => {
      const reader = iamReader(await session(), custody);
      const looks = edits.map(async (edit): Promise<Standing | null> => {
        const seen = new Set<Standing>();
        for (let turn = 0; turn < LOOKS; turn += 1) seen.add(await look(reader, role, edit));
        return seen.size === 1 ? ([...seen][0] ?? null) : null;
      });
      const standings = await Promise.all(looks);
      if (standings.includes('other')) return 'other';
      return standings.every((standing) => standing === to) ? to : null;
    },
    SETTLE,
  );
