import { type ContextRecord, certain, contextOf } from '#shared/policy/context';
import { accountOf, isTheSame, type Principal, principalOf } from '#shared/policy/principal';
import type { Request } from '#shared/policy/request';
import { requestContext } from '#shared/policy/request-context';
import type { Denial } from '#shared/signal/signal';
import { ACQUISITIONS, contextOfNeed, type Need, needsOf, type Stage } from './acquisition-needs.ts';
import type { PrincipalRecord } from './facts-record.ts';

/** What is asked of the policies, and the acquisition it is part of. */
export interface Question {
  readonly principal: Principal;
  /** `null` where the refusal does not name it: then each action of the acquisition is asked. */
  readonly action: string | null;
  /** ARN of the key; of a role for `iam:CreateServiceLinkedRole`; `*` for an action without a resource. */
  readonly resource: string;
  readonly context: ContextRecord;
  /** What the acquisition asks of this key; none where the action is no part of one. */
  readonly needs: readonly Need[];
}

/** Which call was refused is not always known: all that lead to a volume are asked, as the longest way takes them. */
const THROUGH_EC2: readonly Stage[] = ACQUISITIONS['cross-account'];
const THROUGH_EBS_DIRECT: readonly Stage[] = ACQUISITIONS['ebs-direct'];

type Side = 'source' | 'target';
const BOTH: readonly Side[] = ['source', 'target'];

/** EBS direct is told from EC2 by who called KMS, or by the one action that nothing else asks. */
const stagesOf = (via: string | null, action: string | null): readonly Stage[] =>
  via === 'ebs.amazonaws.com' || action === 'kms:GenerateDataKey' ? THROUGH_EBS_DIRECT : THROUGH_EC2;

/** An action that no acquisition asks is asked alone. */
const needsFor = (via: string | null, action: string | null, sides: readonly Side[]): readonly Need[] => {
  const stages = stagesOf(via, action);
  const isPart = action === null || needsOf(stages, BOTH).some((need) => need.action === action);
  return isPart ? needsOf(stages, sides) : [];
};

const SOURCE_ACTIONS: ReadonlySet<string | null> = new Set(['kms:ReEncryptFrom']);
const TARGET_ACTIONS: ReadonlySet<string | null> = new Set([
  'kms:DescribeKey',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:ReEncryptTo',
]);

/**
 * Of another account's key an acquisition reads, or it makes something under it. EBS asks for the source key of a copy by
 * a name of its own; what EC2 itself makes a grant for is a target. A key of one's own can be both.
 */
const sidesOf = (action: string | null, via: string | null, isForeign: boolean): readonly Side[] => {
  if (!isForeign) return BOTH;
  if (SOURCE_ACTIONS.has(action) || via?.startsWith('prod.kms-caller.ebs.')) return ['source'];
  const isOfTarget =
    TARGET_ACTIONS.has(action) || (action === 'kms:CreateGrant' && via === 'ec2-frontend-api.amazonaws.com');
  return isOfTarget ? ['target'] : BOTH;
};

const isForeign = (principal: Principal, resource: string): boolean => accountOf(principal) !== resource.split(':')[4];

/** A role of which only the session was seen, with what is known of it by now; facts of somebody else are left out. */
export const withRecord = (principal: Principal, { arn, uniqueId }: PrincipalRecord): Principal => {
  if (principal.kind !== 'role' && principal.kind !== 'user') return principal;
  const recorded = arn === null ? principal : principalOf(arn);
  if (recorded === null || !isTheSame(recorded, principal)) return principal;
  const known = { ...principal, uniqueId: principal.uniqueId ?? uniqueId };
  return known.kind === 'role' ? { ...known, roleArn: known.roleArn ?? arn } : known;
};

/** EC2 and EBS, by the names under which they call KMS. EBS direct calls through EC2 too. */
const BY_EC2 = /^(?:ec2-frontend-api\.amazonaws\.com|ebs\.amazonaws\.com|prod\.kms-caller\.ebs\..+|AWS Internal)$/;

/** What is known of the service that asked; a record by KMS that names none tells of a call that the principal made itself. */
const viaOf = ({ via, inCall, region }: Denial): ContextRecord => {
  if (via === null && inCall === null) return { 'kms:ViaService': null };
  return via === null || BY_EC2.test(via) ? { 'kms:ViaService': `ec2.${region}.amazonaws.com` } : {};
};

const LINKED_ROLE =
  /on resource: (arn:aws[a-z-]*:iam::\d{12}:role\/aws-service-role\/([a-z0-9.-]{1,64})\/[\w+=,.@-]{1,64})/;

const ofLinkedRole = (denial: Denial): Pick<Question, 'resource' | 'context'> | null => {
  const [, resource, service = ''] = LINKED_ROLE.exec(denial.message) ?? [];
  return resource === undefined ? null : { resource, context: { 'iam:AWSServiceName': service } };
};

/** The question that was refused; `null` where the refusal names nobody, or no key. */
export const questionOf = (denial: Denial): Question | null => {
  const named = principalOf(denial.principal ?? '');
  if (named === null) return null;
  const principal = named.kind === 'role' ? { ...named, roleArn: named.roleArn ?? denial.roleArn } : named;
  const { action, keyArn, via, time } = denial;
  if (action === 'iam:CreateServiceLinkedRole') {
    const linked = ofLinkedRole(denial);
    return linked === null ? null : { principal, action, needs: [], ...linked };
  }
  if (keyArn === null) return null;
  return {
    principal,
    action,
    resource: keyArn,
    context: { ...viaOf(denial), ...(time === null ? {} : { 'aws:CurrentTime': time }) },
    needs: needsFor(via, action, sidesOf(action, via, isForeign(principal, keyArn))),
  };
};

/** A question that is asked without a refusal. */
export const questionAsked = (asked: Pick<Question, 'principal' | 'action' | 'resource' | 'context'>): Question => ({
  ...asked,
  needs: needsFor(null, asked.action, sidesOf(asked.action, null, isForeign(asked.principal, asked.resource))),
});

const requestOf = (question: Question, action: string, context: ContextRecord): Request => {
  const { principal, resource } = question;
  return { principal, action, resource, context: requestContext(context, { principal, action, resource }) };
};

const REGION_OF_EC2 = /^ec2\.([a-z0-9-]+)\.amazonaws\.com$/;

/** What a question comes to. */
export interface Requests {
  /** What was asked, with what is known of it and no more; none where the action is not named. */
  readonly asked: Request | null;
  /** All that the acquisition asks of the key, as EC2 asks it; the request that was asked first. */
  readonly all: readonly Request[];
}

/** The Region of EC2 in whose name KMS is asked: as the request says, else that of the key. `undefined`: not by EC2. */
const regionOf = ({ context, resource }: Question): string | undefined => {
  const via = certain(contextOf(context), 'kms:viaservice');
  return via === undefined ? resource.split(':')[3] : REGION_OF_EC2.exec(via?.[0] ?? '')?.[1];
};

/**
 * The requests of a question. Where the caller asked KMS itself, or through another service, it is that one alone.
 * @param ofKey what every request for the key carries
 */
export const requestsOf = (question: Question, ofKey: ContextRecord = {}): Requests => {
  const { action, context } = question;
  const asked = action === null ? null : requestOf(question, action, { ...ofKey, ...context });
  const region = regionOf(question);
  const needs = region === undefined ? [] : question.needs;
  const shared = Object.fromEntries(Object.entries(context).filter(([key]) => !/^kms:/i.test(key)));
  const wanted = needs.map((need) => ({
    action: need.action,
    context: { ...ofKey, ...shared, ...contextOfNeed(need, region ?? ''), ...(need.action === action ? context : {}) },
  }));
  const distinct = [...new Map(wanted.map((need) => [JSON.stringify(need), need])).values()];
  const first = distinct.filter((need) => need.action === action);
  const others = distinct.filter((need) => need.action !== action);
  const all = [...first, ...others].map((need) => requestOf(question, need.action, need.context));
  return { asked, all: all.length === 0 && asked !== null ? [asked] : all };
};
