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

/** The names under which EC2 and EBS call KMS. EBS has one of its own for the source key of a copy. */
const EC2 = 'ec2-frontend-api.amazonaws.com';
const EBS_DIRECT = 'ebs.amazonaws.com';
const isCopyByEbs = (via: string): boolean => via.startsWith('prod.kms-caller.ebs.');

/** EBS direct is told from EC2 by who called KMS, or by the one action that nothing else asks. */
const stagesOf = (via: string | null, action: string | null): readonly Stage[] =>
  via === EBS_DIRECT || action === 'kms:GenerateDataKey' ? THROUGH_EBS_DIRECT : THROUGH_EC2;

/**
 * Another account's key is that of what is read, or of what is made: mostly the action tells, which is asked of one of the
 * two alone. What EC2 itself makes a grant for is a target.
 */
const sidesOfForeign = (action: string | null, via: string | null, askedOf: readonly Side[]): readonly Side[] => {
  if (askedOf.length === 1) return askedOf;
  if (via !== null && isCopyByEbs(via)) return ['source'];
  return action === 'kms:CreateGrant' && via === EC2 ? ['target'] : BOTH;
};

/** An action that no acquisition asks is asked alone. A key of one's own can be both source and target. */
const needsFor = (via: string | null, action: string | null, isForeign: boolean): readonly Need[] => {
  const stages = stagesOf(via, action);
  const askedOf = BOTH.filter((side) => needsOf(stages, [side]).some((need) => need.action === action));
  if (action !== null && askedOf.length === 0) return [];
  return needsOf(stages, isForeign ? sidesOfForeign(action, via, askedOf) : BOTH);
};

const isForeign = (principal: Principal, resource: string): boolean => accountOf(principal) !== resource.split(':')[4];

/** A role of which only the session was seen, with what is known of it by now; facts of somebody else are left out. */
export const withRecord = (principal: Principal, { arn, uniqueId }: PrincipalRecord): Principal => {
  if (principal.kind !== 'role' && principal.kind !== 'user') return principal;
  const recorded = arn === null ? principal : principalOf(arn);
  if (recorded === null || !isTheSame(recorded, principal)) return principal;
  const known = { ...principal, uniqueId: principal.uniqueId ?? uniqueId };
  // The record may name a session, of which the ARN is not the role's.
  const roleArn = recorded.kind === 'role' ? recorded.roleArn : null;
  return known.kind === 'role' ? { ...known, roleArn: known.roleArn ?? roleArn } : known;
};

/** EBS direct calls through EC2 too. */
const isThroughEc2 = (via: string): boolean => [EC2, EBS_DIRECT, 'AWS Internal'].includes(via) || isCopyByEbs(via);

/** What is known of the service that asked; a record by KMS that names none tells of a call that the principal made itself. */
const viaOf = ({ via, inCall, region }: Denial): ContextRecord => {
  if (via === null && inCall === null) return { 'kms:ViaService': null };
  return via === null || isThroughEc2(via) ? { 'kms:ViaService': `ec2.${region}.amazonaws.com` } : {};
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
    needs: needsFor(via, action, isForeign(principal, keyArn)),
  };
};

/** A question that is asked without a refusal. */
export const questionAsked = (asked: Pick<Question, 'principal' | 'action' | 'resource' | 'context'>): Question => ({
  ...asked,
  needs: needsFor(null, asked.action, isForeign(asked.principal, asked.resource)),
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
  const shared = Object.fromEntries(Object.entries(context).filter(([key]) => !/^kms:/i.test(key)));
  const wanted =
    region === undefined
      ? []
      : question.needs.map((need) => ({
          action: need.action,
          context: { ...ofKey, ...shared, ...contextOfNeed(need, region), ...(need.action === action ? context : {}) },
        }));
  const distinct = [...new Map(wanted.map((need) => [JSON.stringify(need), need])).values()];
  const first = distinct.filter((need) => need.action === action);
  const others = distinct.filter((need) => need.action !== action);
  const all = [...first, ...others].map((need) => requestOf(question, need.action, need.context));
  return { asked, all: all.length === 0 && asked !== null ? [asked] : all };
};
