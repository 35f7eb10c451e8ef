import { type ContextRecord, certain, contextOf } from '#shared/policy/context';
import { accountOf, type Principal, principalOf } from '#shared/policy/principal';
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
  /** The calls that ask for this key. */
  readonly stages: readonly Stage[];
}

/** Which call was refused is not always known: all that lead to a volume are asked, as the longest way takes them. */
const THROUGH_EC2: readonly Stage[] = ACQUISITIONS['cross-account'];
const THROUGH_EBS_DIRECT: readonly Stage[] = ACQUISITIONS['ebs-direct'];

/** EBS direct is told from EC2 by who called KMS, or by the one action that nothing else asks. */
const stagesOf = (via: string | null, action: string | null): readonly Stage[] =>
  via === 'ebs.amazonaws.com' || action === 'kms:GenerateDataKey' ? THROUGH_EBS_DIRECT : THROUGH_EC2;

/** A role of which only the session was seen, with what is known of it by now. */
export const withRecord = (principal: Principal, { arn, uniqueId }: PrincipalRecord): Principal =>
  principal.kind === 'role'
    ? { ...principal, roleArn: principal.roleArn ?? arn, uniqueId: principal.uniqueId ?? uniqueId }
    : principal.kind === 'user'
      ? { ...principal, uniqueId: principal.uniqueId ?? uniqueId }
      : principal;

/** A record by KMS that names no service tells of a call that the principal made itself. */
const isDirect = ({ via, inCall }: Denial): boolean => via === null && inCall === null;

const contextOfDenial = (denial: Denial): ContextRecord => ({
  'kms:ViaService': isDirect(denial) ? null : `ec2.${denial.region}.amazonaws.com`,
  ...(denial.time === null ? {} : { 'aws:CurrentTime': denial.time }),
});

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
  const { action, keyArn, via } = denial;
  if (action === 'iam:CreateServiceLinkedRole') {
    const linked = ofLinkedRole(denial);
    return linked === null ? null : { principal, action, stages: [], ...linked };
  }
  if (keyArn === null) return null;
  return { principal, action, resource: keyArn, context: contextOfDenial(denial), stages: stagesOf(via, action) };
};

/** A question that is asked without a refusal. */
export const questionAsked = (asked: Pick<Question, 'principal' | 'action' | 'resource' | 'context'>): Question => ({
  ...asked,
  stages: asked.action === null || asked.action.startsWith('kms:') ? stagesOf(null, asked.action) : [],
});

/** A foreign key is what is copied from; a key of one's own can be both. */
const sidesOf = ({ principal, action, resource }: Question): readonly Need['key'][] => {
  const foreign = accountOf(principal) !== resource.split(':')[4];
  const asked = needsOf([...THROUGH_EC2, ...THROUGH_EBS_DIRECT], ['source', 'target']).filter(
    (need) => need.action === action,
  );
  const sides = foreign && action !== null ? asked.map(({ key }) => key) : [];
  return foreign ? (sides.includes('source') || sides.length === 0 ? ['source'] : sides) : ['source', 'target'];
};

const requestOf = (question: Question, action: string, context: ContextRecord): Request => {
  const { principal, resource } = question;
  return { principal, action, resource, context: requestContext(context, { principal, action, resource }) };
};

const REGION_OF_EC2 = /^ec2\.([a-z0-9-]+)\.amazonaws\.com$/;

/**
 * Every request of the acquisition for this key, what was asked first. Where the caller asked KMS itself, it is that alone.
 * @param ofKey what every request for the key carries
 */
export const requestsOf = (
  question: Question,
  ofKey: ContextRecord = {},
): readonly [Request, ...Request[]] | readonly [] => {
  const { action, context, resource } = question;
  const asked = action === null ? [] : [requestOf(question, action, { ...ofKey, ...context })];
  const via = certain(contextOf(context), 'kms:viaservice');
  const region = via === undefined ? resource.split(':')[3] : REGION_OF_EC2.exec(via?.[0] ?? '')?.[1];
  const needs = region === undefined ? [] : needsOf(question.stages, sidesOf(question));
  const shared = Object.fromEntries(Object.entries(context).filter(([key]) => !/^kms:/i.test(key)));
  const wanted = needs
    .filter((need) => need.action !== action)
    .map((need) => ({ action: need.action, context: { ...ofKey, ...shared, ...contextOfNeed(need, region ?? '') } }));
  const distinct = new Map(wanted.map((need) => [JSON.stringify(need), need])).values();
  const others = [...distinct].map((need) => requestOf(question, need.action, need.context));
  const [first, ...rest] = [...asked, ...others];
  return first === undefined ? [] : [first, ...rest];
};
