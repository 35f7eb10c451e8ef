import type { Fault } from '#local/account/clients';
import { multiRegionRoleArn } from '#local/account/linked-roles';
import type { NamedPolicy, Role } from '#local/account/state';
import type { PermissionReport } from '#shared/permission/report';
import { type Rehearsal, rehearse } from '../rehearsal.ts';
import { ACCOUNT, ROLE_NAME } from './generated.ts';

interface World {
  readonly policies?: readonly { readonly name: string; readonly text: string }[];
  readonly parameters?: Readonly<Record<string, string>>;
  readonly faults?: readonly Fault[];
  readonly linkedRole?: boolean;
}

export interface Retiring extends Rehearsal {
  readonly role: Role;
  /** Starts the function by hand and waits for its end. */
  start(event: Readonly<Record<string, unknown>>): Promise<PermissionReport>;
  /** What IAM keeps of the role, by name, to the letter. */
  texts(): Record<string, string>;
  permissions(): PermissionReport[];
}

const isReport = (value: unknown): value is PermissionReport =>
  typeof value === 'object' && value !== null && 'verdict' in value && 'because' in value;

export const textOf = ({ text, document }: NamedPolicy): string => text ?? JSON.stringify(document);

/** A response role with policies of the test's own, in an account where the service's role is there. */
export const retiring = async ({
  policies = [],
  parameters = {},
  faults = [],
  linkedRole = true,
}: World = {}): Promise<Retiring> => {
  const rehearsal = await rehearse('first-success', {
    faults,
    alter: (scenario) => ({ ...scenario, parameters: { ...scenario.parameters, ...parameters } }),
  });
  const { account } = rehearsal;
  if (linkedRole) account.state.linkedRoles.add(multiRegionRoleArn(ACCOUNT));
  const role = account.state.roles.get(`arn:aws:iam::${ACCOUNT}:role/${ROLE_NAME}`);
  if (role === undefined) throw new Error('the scenario has no response role');
  if (policies.length > 0) {
    const own = policies.map(({ name, text }) => ({ name, text, document: JSON.parse(text) }));
    role.identityPolicies.splice(0, role.identityPolicies.length, ...own);
  }
  return {
    ...rehearsal,
    role,
    async start(event) {
      const session = account.sessionOf('RetirePermissionFunction');
      const call = { input: event, session, region: account.region, requestId: account.ground.uuid() };
      const answer = await account.lambda.invoke(call, 'RetirePermissionFunction', event);
      if (!isReport(answer)) throw new Error(`no report: ${JSON.stringify(answer)}`);
      return answer;
    },
    texts: () => Object.fromEntries(role.identityPolicies.map((policy) => [policy.name, textOf(policy)])),
    permissions: () =>
      [...account.store.latest()].flatMap(([key, body]): PermissionReport[] =>
        key.endsWith('/permission-report.json') ? [JSON.parse(body.toString())] : [],
      ),
  };
};

/** Calls that write to IAM, which AWS did. */
export const writesOf = ({ account }: Rehearsal): string[] =>
  account.calls
    .filter(({ api, error }) => error === null && /^iam:(Put|Delete|Create|Set|Attach|Detach)/.test(api))
    .map(({ api }) => api);
