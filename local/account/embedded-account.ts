import { EventEmitter } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ListRulesCommandInput, PutEventsCommandInput } from '@aws-sdk/client-eventbridge';
import type { PublishCommandInput } from '@aws-sdk/client-sns';
import { type AssumeRoleCommandInput, STSServiceException } from '@aws-sdk/client-sts';
import { loadMember, type Member } from '#local/template/member';
import { loadTemplate, type Template, takingRules } from '#local/template/template';
import type { Call, EventBridgeEvent } from './call.ts';
import type { DurableExecution } from './durable-executions.ts';
import { ebsDirectService } from './ebs-direct.ts';
import { ec2Service } from './ec2.ts';
import { eventHistory } from './event-history.ts';
import { virtualGround } from './ground.ts';
import { iamService } from './iam.ts';
import { kmsService } from './kms.ts';
import { type Invocation, lambdaService } from './lambda.ts';
import { ledgerTable } from './ledger-table.ts';
import { objectStore } from './object-store.ts';
import { organizationsService } from './organizations.ts';
import type { Role, RoleSession } from './state.ts';
import { systemsManager } from './systems-manager.ts';
import { taggingService } from './tagging.ts';
import { trailsService } from './trails.ts';

/** One call to AWS that a function made. */
export interface MadeCall {
  readonly api: string;
  readonly functionId: string;
  readonly execution: string | null;
  /** The run of the function; a durable execution has several. */
  readonly run: number;
  readonly account: string;
  readonly input: unknown;
  /** Places in the order of all beginnings and ends: a call that began after another ended came after it. */
  readonly began: number;
  ended: number;
  readonly at: Date;
  error: string | null;
  /** What was made to go wrong with it. */
  readonly fault: string | null;
}

/** What an account tells whoever watches it. */
export interface AccountEvents {
  delivered: [event: EventBridgeEvent, rule: string, functionId: string];
  unheeded: [event: EventBridgeEvent];
  called: [call: MadeCall];
  ended: [execution: DurableExecution];
}

export interface AccountOptions {
  /** Where Unlatch runs. */
  readonly accountId: string;
  readonly region: string;
  /** Parameters of `template.yaml`. */
  readonly parameters?: Readonly<Record<string, string>>;
  readonly startsAt?: Date;
  /** The folder of `template.yaml` and `functions`; the project's own without it. */
  readonly root?: string;
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url)).replace(/\/$/, '');

/** The parameters that the two templates have in common. */
const MEMBER_PARAMETERS: ReadonlySet<string> = new Set([
  'ExternalId',
  'MemberRoleName',
  'ResponseRolePattern',
  'ResponsePolicyPattern',
  'SsmTagValue',
  'PlatformAccountId',
  'KeyAliasPrefix',
  'SweepPlatformKeys',
]);

/** An external id that no stack is without. */
const EXTERNAL_ID = 'rehearsal';
const STACK = 'unlatch';

/**
 * AWS in this process: several accounts and Regions, in which the project's functions run unmodified. It takes the rules
 * and the permissions from `template.yaml`: what the template would not catch is not caught here, and what it would not
 * allow is refused. Close it when done.
 */
export const embeddedAccount = async ({
  accountId,
  region,
  parameters = {},
  startsAt = new Date('2026-03-02T02:58:00Z'),
  root = ROOT,
}: AccountOptions) => {
  // A stack is deployed as a dry run first; what is rehearsed here is one that acts.
  const given = { ...(root === ROOT ? { DryRun: 'false' } : {}), ...parameters };
  const template: Template = loadTemplate(`${root}/template.yaml`, given, { accountId, region, stackName: STACK });
  const events = new EventEmitter<AccountEvents>();
  const ground = virtualGround(startsAt, (event) => deliver(event));
  const { state } = ground;

  const addRole = (
    role: Omit<Role, 'arn' | 'uniqueId' | 'trustedArns'> & { trustedArns?: readonly string[] },
  ): Role => {
    const arn = `arn:aws:iam::${role.accountId}:role/${role.name}`;
    const uniqueId = `AROA${ground.uuid().replaceAll('-', '').slice(0, 17).toUpperCase()}`;
    const added: Role = { trustedArns: [], ...role, arn, uniqueId };
    state.roles.set(arn, added);
    return added;
  };

  const openSession = (role: Role, sessionName: string): RoleSession => {
    const session: RoleSession = {
      role,
      sessionName,
      arn: `arn:aws:sts::${role.accountId}:assumed-role/${role.name}/${sessionName}`,
      accessKeyId: `ASIA${ground.uuid().replaceAll('-', '').slice(0, 16).toUpperCase()}`,
      sessionPolicy: null,
      startedAt: ground.now(),
    };
    state.sessions.set(session.accessKeyId, session);
    return session;
  };

  const functionSessions = new Map(
    template.functions.map(({ logicalId, policies, folder }) => {
      const identityPolicies = policies.map((document, at) => ({ name: `${logicalId}-${at}`, document }));
      const role = addRole({
        accountId,
        name: `${STACK}-${logicalId}Role`,
        identityPolicies,
        permissionsBoundary: null,
      });
      return [logicalId, openSession(role, `${STACK}-${folder}`)] as const;
    }),
  );
  const sessionOf = (functionId: string): RoleSession => {
    const session = functionSessions.get(functionId);
    if (session === undefined) throw new Error(`no role for \`${functionId}\``);
    return session;
  };

  const table = await ledgerTable(`${STACK}-Ledger`);
  const store = await objectStore(ground.now);
  const ssm = systemsManager(ground);
  const published: PublishCommandInput[] = [];
  const put: PutEventsCommandInput['Entries'] = [];

  const lambda = lambdaService(ground, template, sessionOf, root, {
    invoked: () => {},
    ended: (execution) => events.emit('ended', execution),
  });

  const members = new Set<string>();
  const memberStacks = new Map<string, Member>();
  const memberIn = (memberId: string, memberRegion: string): Member => {
    const known = memberStacks.get(`${memberId}/${memberRegion}`);
    if (known !== undefined) return known;
    const path = `${root}/member-template.yaml`;
    const own = {
      UnlatchAccountId: accountId,
      UnlatchRegion: region,
      UnlatchStackName: STACK,
      HomeRegion: memberRegion,
    };
    const shared = Object.entries({ ...parameters, ExternalId: parameters.ExternalId || EXTERNAL_ID });
    const taken = Object.fromEntries(shared.filter(([name]) => MEMBER_PARAMETERS.has(name)));
    // Whatever a stack of Unlatch may do at home it may do there, for what is rehearsed is all of it.
    const all = { RetirePermission: 'true', ...taken, ...own };
    const stack = loadMember(path, all, { accountId: memberId, region: memberRegion, stackName: 'unlatch-member' });
    memberStacks.set(`${memberId}/${memberRegion}`, stack);
    return stack;
  };
  /** What is reported elsewhere comes only where the stack of a member forwards it. */
  const arrives = (event: EventBridgeEvent): boolean =>
    (event.account === accountId && event.region === region) ||
    ((members.has(event.account) || event.account === accountId) &&
      takingRules(memberIn(event.account, event.region), event).length > 0);

  const deliver = async (event: EventBridgeEvent): Promise<void> => {
    const rules = arrives(event) ? takingRules(template, event) : [];
    if (rules.length === 0) events.emit('unheeded', event);
    for (const rule of rules) {
      events.emit('delivered', event, rule.name, rule.functionLogicalId);
      await lambda.deliver(rule.functionLogicalId, event);
    }
  };

  const sts = {
    GetCallerIdentity: async (call: Call) => ({
      $metadata: { requestId: call.requestId },
      Arn: call.session.arn,
      Account: call.session.role.accountId,
    }),
    AssumeRole: async (call: Call<AssumeRoleCommandInput>) => {
      const { RoleArn = '', RoleSessionName = '' } = call.input;
      const role = state.roles.get(RoleArn);
      if (role === undefined || !role.trustedArns.includes(call.session.role.arn)) {
        throw new STSServiceException({
          name: 'AccessDenied',
          $fault: 'client',
          message: `User: ${call.session.arn} is not authorized to perform: sts:AssumeRole on resource: ${RoleArn}`,
          $metadata: { httpStatusCode: 403, requestId: call.requestId },
        });
      }
      const session = openSession(role, RoleSessionName);
      return {
        $metadata: { requestId: call.requestId },
        AssumedRoleUser: { Arn: session.arn, AssumedRoleId: `${role.uniqueId}:${RoleSessionName}` },
        Credentials: {
          AccessKeyId: session.accessKeyId,
          SecretAccessKey: 'secret',
          SessionToken: 'token',
          Expiration: new Date(ground.now().getTime() + 3_600_000),
        },
      };
    },
  };

  const sns = {
    Publish: async (call: Call<PublishCommandInput>) => {
      published.push(call.input);
      return { $metadata: { requestId: call.requestId }, MessageId: ground.uuid() };
    },
  };

  const bus = {
    PutEvents: async (call: Call<PutEventsCommandInput>) => {
      put.push(...(call.input.Entries ?? []));
      for (const { Source = '', DetailType = '', Detail = '{}' } of call.input.Entries ?? []) {
        const event = {
          version: '0',
          id: ground.uuid(),
          'detail-type': DetailType,
          source: Source,
          account: call.session.role.accountId,
          time: ground.now().toISOString(),
          region: call.region,
          resources: [],
          detail: JSON.parse(Detail),
        } as const;
        ground.emit(event, 1);
      }
      return { $metadata: { requestId: call.requestId }, FailedEntryCount: 0, Entries: [] };
    },

    /** CloudFormation names the rules of a stack after it. */
    ListRules: async (call: Call<ListRulesCommandInput>) => {
      const isHome = call.session.role.accountId === accountId && call.region === region;
      const rules = (isHome ? template.rules : []).map(({ name, enabled, readOnlyToo }) => ({
        Name: `${STACK}-${name}`,
        State:
          state.ruleStates.get(name) ??
          (enabled ? (readOnlyToo ? 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS' : 'ENABLED') : 'DISABLED'),
      }));
      const { NamePrefix = '' } = call.input;
      const Rules = rules.filter(({ Name }) => Name.startsWith(NamePrefix));
      return { $metadata: { requestId: call.requestId }, Rules };
    },
  };

  return {
    accountId,
    region,
    template,
    state,
    ground,
    events,
    lambda,
    ssm,
    store,
    /** What was published to SNS, and put on the bus by the functions. */
    published,
    put,
    /** Every call that a function made, in the order in which they began. */
    calls: [] as MadeCall[],
    endpoints: { dynamodb: table.endpoint, s3: store.endpoint },
    bucket: template.functions.flatMap(({ environment }) => environment.EVIDENCE_BUCKET ?? [])[0] ?? '',
    services: {
      ec2: ec2Service(ground),
      ebs: ebsDirectService(ground),
      kms: kmsService(ground),
      cloudtrail: { ...eventHistory(ground), ...trailsService(ground) },
      iam: iamService(ground),
      organizations: organizationsService(ground),
      tag: taggingService(ground),
      ssm: ssm.operations,
      s3: store.operations,
      sts,
      sns,
      events: bus,
      lambda: lambda.operations,
    },
    addRole,
    openSession,
    sessionOf,

    /** Another account, in which Unlatch's functions may assume the member role. */
    addMember(memberId: string): Role {
      const { roleName, policies } = memberIn(memberId, region);
      members.add(memberId);
      return addRole({
        accountId: memberId,
        name: roleName,
        identityPolicies: policies.map((document, at) => ({ name: `member-${at}`, document })),
        permissionsBoundary: null,
        trustedArns: [...functionSessions.values()].map(({ role }) => role.arn),
      });
    },

    async close(): Promise<void> {
      store.close();
      await table.close();
      ground.uninstall();
    },
  };
};

export type EmbeddedAccount = Awaited<ReturnType<typeof embeddedAccount>>;
export type { Invocation };
