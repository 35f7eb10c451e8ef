import { decisions, type Question } from '#local/account/judge';
import type { PolicyDocument } from '#local/account/state';
import type { FactsRecord } from '#shared/diagnosis/facts-record';
import { questionAsked } from '#shared/diagnosis/question';
import { simulate } from '#shared/diagnosis/simulation';
import type { ContextRecord } from '#shared/policy/context';
import { known } from '#shared/policy/known';
import { principalOf } from '#shared/policy/principal';

/** One thing that a role was allowed to do, while something was rehearsed. */
export interface Asked {
  /** By name. */
  readonly role: string;
  readonly principal: string;
  readonly action: string;
  readonly resource: string;
  readonly context: ContextRecord;
}

/** What Unlatch's roles are allowed while something runs, each thing once. */
export const allowedWhile = async (run: () => Promise<void>): Promise<readonly Asked[]> => {
  const seen = new Map<string, Asked>();
  const note = ({ session, action, resource, context }: Question, allowed: boolean): void => {
    const { name, arn } = session.role;
    if (!allowed || !/^(unlatch-|UnlatchMember)/.test(name)) return;
    const asked = { role: name, principal: arn, action, resource: resource.arn, context: asRecord(context) };
    seen.set(JSON.stringify(asked), asked);
  };
  decisions.on('decided', note);
  try {
    await run();
  } finally {
    decisions.off('decided', note);
  }
  return [...seen.values()];
};

const asRecord = (context: Question['context']): ContextRecord =>
  Object.fromEntries(
    Object.entries(context).map(([key, value]) => [key, typeof value === 'string' ? value : [...value]]),
  );

const accountIn = (arn: string): string => arn.split(':')[4] ?? '';

/** The key, if it is one, leaves the decision to IAM: what the role's own policies say is all that is asked here. */
const factsFor = ({ principal }: Asked, policies: readonly PolicyDocument[]): FactsRecord => ({
  key: {
    state: known('Enabled'),
    manager: known('CUSTOMER'),
    policy: known({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { AWS: `arn:aws:iam::${accountIn(principal)}:root` },
          Action: 'kms:*',
          Resource: '*',
        },
      ],
    }),
    grants: known([]),
    aliases: known([]),
  },
  principal: {
    arn: principal,
    uniqueId: null,
    identityPolicies: known(policies.map((document, at) => ({ name: `policy-${at}`, document }))),
    permissionsBoundary: known(null),
    sessionPolicies: known([]),
  },
  organization: { serviceControlPolicies: known([]), resourceControlPolicies: known([]) },
  vpcEndpointPolicy: known(null),
});

const CONDITION_KEY = /"((?:aws|ec2|ebs|kms|ssm|iam|sts|organizations):[^"]+)":/g;

/** A key that a policy asks for and the request does not carry is known to be missing. */
const missingIn = (context: ContextRecord, policies: readonly PolicyDocument[]): ContextRecord => {
  const carried = new Set(Object.keys(context).map((key) => key.toLowerCase()));
  const wanted = [...JSON.stringify(policies).matchAll(CONDITION_KEY)].map(([, key = '']) => key);
  return Object.fromEntries(wanted.filter((key) => !carried.has(key.toLowerCase())).map((key) => [key, null]));
};

/** What the authorizer says of it by these policies alone. */
export const decisionBy = (asked: Asked, policies: readonly PolicyDocument[]): string => {
  const principal = principalOf(asked.principal);
  if (principal === null) return 'nobody';
  const { action, resource } = asked;
  const context = { ...missingIn(asked.context, policies), ...asked.context };
  return (
    simulate(questionAsked({ principal, action, resource, context }), factsFor(asked, policies))?.decision.decision ??
    'unasked'
  );
};
