import * as z from 'zod';
import { contextOfNeed, type Need, needsOf, type Stage } from '#shared/diagnosis/acquisition-needs';
import type { Question } from '#shared/diagnosis/question';
import { LINKED_ROLE, LINKED_ROLE_SERVICE, linkedRoleArn } from '#shared/permission/linked-role';
import type { ContextRecord } from '#shared/policy/context';
import { principalOf } from '#shared/policy/principal';
import { type KeyPart, type Party, STEPS, type Step, WAYS, type Way } from './ways.ts';

/** One thing that an acquisition asks of KMS: who, what, and of which key. */
export const Asked = z.object({
  step: z.enum(STEPS),
  roleArn: z.string(),
  action: z.string(),
  /** `null`: an action without a key. */
  keyArn: z.string().nullable(),
  /** Of an action on what is no key. */
  resource: z.string().optional(),
  /** What is known of the request. */
  context: z.record(z.string(), z.union([z.string(), z.array(z.string()), z.null()])),
});
export type Asked = Readonly<Omit<z.infer<typeof Asked>, 'context'>> & { readonly context: ContextRecord };

/** The ARNs that a way's parts stand for. */
export interface Cast {
  readonly roles: Readonly<Record<Party, readonly string[]>>;
  /** `null`: there is no such key, for nothing is encrypted under it. */
  readonly keys: Readonly<Record<KeyPart, string | null>>;
  /** Of the alias that the temporary key gets. */
  readonly aliasArn: string;
}

const regionOf = (keyArn: string): string => keyArn.split(':')[3] ?? '';

/** A key that is made where it is needed has no replica. https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-overview.html */
const isNeeded = ({ action }: Need, replicated: boolean): boolean => action !== 'kms:ReplicateKey' || replicated;

const needsAt = (stage: Stage): readonly Need[] => needsOf([stage], ['source', 'target', 'temporary', 'none']);

const keyFor = (need: Need, { source, target }: Step, { keys }: Cast): string | null | 'none' => {
  if (need.key === 'none') return 'none';
  const part = need.key === 'temporary' ? 'temporary-primary' : need.key === 'source' ? source : target;
  return part === null ? null : keys[part];
};

const ofStep = (step: Step, cast: Cast, replicated: boolean): readonly Asked[] =>
  (step.stage === null ? [] : needsAt(step.stage)).flatMap((need) => {
    const key = keyFor(need, step, cast);
    if (key === null || !isNeeded(need, replicated)) return [];
    const keyArn = key === 'none' ? null : key;
    const context = contextOfNeed(need, regionOf(keyArn ?? ''));
    return cast.roles[step.by].flatMap((roleArn): readonly Asked[] => {
      const asked = { step: step.name, roleArn, action: need.action, keyArn, context };
      return need.action === 'kms:CreateAlias' ? naming(asked, cast.aliasArn) : [asked];
    });
  });

/**
 * A key is named with leave for the alias and for the key, which bears no alias yet.
 * https://docs.aws.amazon.com/kms/latest/developerguide/alias-access.html
 */
const naming = (ofKey: Asked, aliasArn: string): readonly Asked[] => [
  { ...ofKey, keyArn: null, resource: aliasArn },
  { ...ofKey, context: { ...ofKey.context, 'kms:ResourceAliases': null } },
];

/**
 * The first multi-Region key of an account makes the role that is linked to KMS, in the name of whoever makes the key.
 * https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-auth-slr.html
 */
const makingLinkedRole = (roleArn: string): Asked => {
  const [, partition = 'aws', , , accountId = ''] = roleArn.split(':');
  return {
    step: 'temporary-key',
    roleArn,
    action: 'iam:CreateServiceLinkedRole',
    keyArn: null,
    resource: linkedRoleArn(partition, accountId, LINKED_ROLE_SERVICE, LINKED_ROLE),
    context: { 'iam:AWSServiceName': LINKED_ROLE_SERVICE },
  };
};

/** What a temporary key takes, in the platform's Region, and more where it has to serve another. */
export interface Replication {
  /** Of the platform. */
  readonly region: string;
  /** Of the volume; `null`: the platform's own. */
  readonly to: string | null;
  /** Whether the role that is linked to KMS is yet to be made. */
  readonly makesLinkedRole: boolean;
}

/** Keys are made in a Region, which no ARN tells before there is one. A replica is made by leave to make keys, too. */
const making = (asked: Asked, { region, to }: Replication): readonly Asked[] => {
  if (asked.action === 'kms:ReplicateKey')
    return [{ ...asked, context: { ...asked.context, 'kms:ReplicaRegion': to } }];
  if (asked.action !== 'kms:CreateKey') return [asked];
  const into = (where: string): Asked => ({
    ...asked,
    context: { ...asked.context, 'aws:RequestedRegion': where, 'kms:MultiRegion': String(to !== null) },
  });
  return [region, to].flatMap((where) => (where === null ? [] : [into(where)]));
};

/** All that a way asks of KMS, in its order; and of IAM, where KMS asks that in the caller's name. */
export const askedOn = (way: Way, cast: Cast, replication: Replication): readonly Asked[] =>
  WAYS[way].flatMap((step: Step) => [
    ...(step.name === 'temporary-key' && replication.to !== null && replication.makesLinkedRole
      ? cast.roles[step.by].map(makingLinkedRole)
      : []),
    ...ofStep(step, cast, replication.to !== null).flatMap((asked) => making(asked, replication)),
  ]);

/** What two questions have in common is answered once. */
export const identityOf = ({ roleArn, action, keyArn, resource, context }: Asked): string =>
  JSON.stringify([roleArn, action, resource ?? keyArn, context]);

/** The needs behind what a role asks of a key through EC2; what it asks itself stands alone. */
const needsBehind = (all: readonly Asked[]): readonly Need[] => {
  const through = all.flatMap(({ action, context }) => {
    const region = /^ec2\.([a-z0-9-]+)\.amazonaws\.com$/.exec(String(context['kms:ViaService']))?.[1];
    return region === undefined ? [] : [{ region, asked: JSON.stringify([action, context]) }];
  });
  return needsOf(['copy-snapshot', 'create-volume', 'attach-volume'], ['source', 'target']).filter((need) =>
    through.some(({ region, asked }) => asked === JSON.stringify([need.action, contextOfNeed(need, region)])),
  );
};

/** What a question is about, as policies name it. */
export const resourceOf = ({ keyArn, resource }: Asked): string => resource ?? keyArn ?? '*';

/**
 * The question to be put to the facts; `null` where nobody is named whose policies could be read.
 * @param besides all that the same role asks of the same key: a fix has to let all of it pass
 */
export const questionOf = (asked: Asked, besides: readonly Asked[] = []): Question | null => {
  const principal = principalOf(asked.roleArn);
  if (principal === null) return null;
  const { action, context } = asked;
  return { principal, action, resource: resourceOf(asked), context, needs: needsBehind([asked, ...besides]) };
};
