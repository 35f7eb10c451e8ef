import * as z from 'zod';
import { certain, contextOf } from '#shared/policy/context';
import { KEY_STATES } from '#shared/policy/key-state';
import { type Known, known, unknown } from '#shared/policy/known';
import type { PolicyKind } from '#shared/policy/policy';
import { PolicyError } from '#shared/policy/policy-error';
import { isTheSame, principalOf } from '#shared/policy/principal';
import { readPolicy } from '#shared/policy/read-policy';
import { KeyArn } from '#shared/signal/identifiers';
import { Denial } from '#shared/signal/signal';
import { type FactsRecord, readFacts } from './facts-record.ts';
import { GrantListEntry } from './grant-record.ts';

/**
 * Facts as a person writes them down, or a case kept them: the file that `explain` reads. A part that is absent is
 * unknown; `null` or `[]` says that there is none. docs/explain.md describes it.
 */

const issue = (message: string, ...path: string[]) => ({ code: 'custom' as const, message, path });

/** A policy, checked where it stands: the place of an error is the file's, then the document's. */
const Document = (kind: PolicyKind) =>
  z
    .union([z.string(), z.record(z.string(), z.unknown())], 'expected a policy: a JSON object, or its text')
    .superRefine((document, context) => {
      try {
        readPolicy(document, kind, '');
      } catch (error) {
        if (!(error instanceof PolicyError)) throw error;
        context.addIssue(issue(`${error.place}${error.place === '' ? '' : ': '}${error.expected}`));
      }
    });

const Named = (kind: PolicyKind) => z.strictObject({ name: z.string().min(1).max(2_048), document: Document(kind) });

const Attached = Named('attached');
const OfResource = Named('resource');
type NamedPolicy = ReturnType<typeof Named>;

/** A policy with its name, or alone; `null` where there is none. */
const One = (policy: NamedPolicy, name: string) =>
  z.preprocess(
    (value) =>
      value === null || (typeof value === 'object' && 'document' in value) ? value : { name, document: value },
    policy.nullable(),
  );

const Levels = (policy: NamedPolicy) =>
  z.array(z.strictObject({ target: z.string().min(1).max(256), policies: z.array(policy) }));

const KEY = /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+$/;
const ROLE = /^arn:aws[a-z-]*:iam::\d{12}:role\/\S+$/;

/** The values of a context key: text, or several; numbers and booleans as JSON has them. */
const ContextValue = z
  .union(
    [z.string(), z.number(), z.boolean(), z.array(z.string()), z.null()],
    'expected text, a list of texts, a number, a boolean or null',
  )
  .transform((value) => (typeof value === 'number' || typeof value === 'boolean' ? String(value) : value));

/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_awskeymanagementservice.html */
const WITHOUT_KEY: ReadonlySet<string | null> = new Set([
  'kms:ConnectCustomKeyStore',
  'kms:CreateCustomKeyStore',
  'kms:CreateKey',
  'kms:DeleteCustomKeyStore',
  'kms:DescribeCustomKeyStores',
  'kms:DisconnectCustomKeyStore',
  'kms:GenerateRandom',
  'kms:ListAliases',
  'kms:ListKeys',
  'kms:ListRetirableGrants',
  'kms:UpdateCustomKeyStore',
]);
const LINKED_ROLE = 'iam:CreateServiceLinkedRole';

const resourceFits = (action: string | null, resource: string): boolean => {
  if (action === LINKED_ROLE) return ROLE.test(resource);
  return WITHOUT_KEY.has(action) ? resource === '*' : KEY.test(resource);
};

const Request = z
  .strictObject({
    principal: z
      .string()
      .refine(
        (text) => principalOf(text) !== null,
        'expected the ARN of a role, session or user, or the name of a service',
      ),
    /** Where it is left out, each action of an acquisition is asked. */
    action: z
      .string()
      .regex(/^[a-z0-9-]+:[A-Z][A-Za-z]+$/, 'expected an action in the spelling of AWS, such as `kms:CreateGrant`')
      .nullable()
      .default(null),
    resource: z.string(),
    context: z.record(z.string(), ContextValue).default({}),
  })
  .superRefine(({ action, resource, context: listed }, context) => {
    if (action === null && certain(contextOf(listed), 'kms:viaservice') === null)
      context.addIssue(issue('expected an action: who calls KMS itself asks one', 'action'));
    if (resourceFits(action, resource)) return;
    const message = `expected the ARN of a KMS key; \`*\` for an action without one, the ARN of the role for \`${LINKED_ROLE}\``;
    context.addIssue(issue(message, 'resource'));
  });
export type FactsRequest = z.output<typeof Request>;

/** Two policies of one name could not be told apart. */
const Several = z
  .array(Attached)
  .refine(
    (policies) => new Set(policies.map(({ name }) => name)).size === policies.length,
    'expected names that differ',
  );

const FactsFile = z.strictObject({
  request: Request.optional(),
  /** As EventBridge delivers it. */
  event: z.record(z.string(), z.unknown()).optional(),
  /** As a case keeps it. */
  denial: Denial.optional(),
  key: z
    .strictObject({
      /** For a refusal that names no key. */
      arn: KeyArn.optional(),
      state: z.enum(KEY_STATES).optional(),
      manager: z.enum(['CUSTOMER', 'AWS']).optional(),
      policy: Document('resource').optional(),
      grants: z.array(GrantListEntry).nullish(),
      aliases: z.array(z.string()).nullish(),
    })
    .optional(),
  principal: z
    .strictObject({
      arn: z.string().nullish(),
      uniqueId: z.string().nullish(),
      identityPolicies: Several.nullish(),
      permissionsBoundary: One(Attached, 'the permissions boundary').optional(),
      sessionPolicies: Several.nullish(),
    })
    .optional(),
  organization: z
    .strictObject({
      serviceControlPolicies: Levels(Attached).nullish(),
      resourceControlPolicies: Levels(OfResource).nullish(),
    })
    .nullish(),
  vpcEndpointPolicy: One(OfResource, 'the VPC endpoint policy').optional(),
  /** Why parts are absent, by their place, such as `key.policy`. */
  unread: z.record(z.string(), z.string().max(1_000)).default({}),
});

/** What a facts file asks, in one of three ways, and what it knows. */
export interface AskedFacts {
  readonly request: FactsRequest | null;
  readonly event: Readonly<Record<string, unknown>> | null;
  readonly denial: Denial | null;
  readonly keyArn: KeyArn | null;
  readonly record: FactsRecord;
}

const ONE_OF = 'expected either `request`, `event` or `denial`';

const isOfPrincipal = (arn: string, principal: string): boolean => {
  const [told, asked] = [principalOf(arn), principalOf(principal)];
  return told !== null && asked !== null && isTheSame(told, asked);
};

/** `null` and `[]` are none; what is absent is unknown, for the reason that is told or because it is not given. */
const partsOf = (unread: Readonly<Record<string, string>>) => {
  const given = <T>(place: string, value: T | undefined): Known<T> =>
    value === undefined ? unknown(unread[place] ?? 'not given') : known(value);
  const listed = <T>(place: string, list: readonly T[] | null | undefined): Known<readonly T[]> =>
    given(place, list === null ? [] : list);
  return { given, listed };
};

/** The whole of a facts file, checked. Its issues name the place in the file, and in a policy the place in that. */
export const FactsInFile = FactsFile.superRefine(({ request, event, denial, principal }, context) => {
  if ([request, event, denial].filter((one) => one !== undefined).length !== 1) context.addIssue(issue(ONE_OF));
  const arn = principal?.arn ?? null;
  if (request !== undefined && arn !== null && !isOfPrincipal(arn, request.principal))
    context.addIssue(issue('expected that of `request.principal`', 'principal', 'arn'));
}).transform(({ request, event, denial, key, principal, organization, vpcEndpointPolicy, unread }): AskedFacts => {
  const { given, listed } = partsOf(unread);
  const { serviceControlPolicies, resourceControlPolicies } = organization ?? {};
  const none = organization === null ? [] : undefined;
  return {
    request: request ?? null,
    event: event ?? null,
    denial: denial ?? null,
    keyArn: key?.arn ?? null,
    record: {
      key: {
        state: given('key.state', key?.state),
        manager: given('key.manager', key?.manager),
        policy: given('key.policy', key?.policy),
        grants: listed('key.grants', key?.grants),
        aliases: listed('key.aliases', key?.aliases),
      },
      principal: {
        arn: principal?.arn ?? null,
        uniqueId: principal?.uniqueId ?? null,
        identityPolicies: listed('principal.identityPolicies', principal?.identityPolicies),
        permissionsBoundary: given('principal.permissionsBoundary', principal?.permissionsBoundary),
        sessionPolicies: listed('principal.sessionPolicies', principal?.sessionPolicies),
      },
      organization: {
        serviceControlPolicies: listed('organization.serviceControlPolicies', none ?? serviceControlPolicies),
        resourceControlPolicies: listed('organization.resourceControlPolicies', none ?? resourceControlPolicies),
      },
      vpcEndpointPolicy: given('vpcEndpointPolicy', vpcEndpointPolicy),
    },
  };
});

type Json = Readonly<Record<string, unknown>>;

/** What stands of a record in a file: the parts that are known and can be read, and why the others are not there. */
const fileOf = (record: FactsRecord): { readonly parts: Json; readonly unread: Json } => {
  const facts = readFacts(record);
  const unread: Record<string, string> = {};
  const part = (place: string, value: Known<unknown>, read: Known<unknown> = value): Json => {
    const told = read.known ? value : read;
    if (told.known) return { [place.slice(place.indexOf('.') + 1)]: told.value };
    unread[place] = told.because;
    return {};
  };
  const { key, principal, organization } = record;
  const parts = {
    key: {
      ...part('key.state', key.state, facts.key.state),
      ...part('key.manager', key.manager),
      ...part('key.policy', key.policy, facts.key.policy),
      ...part('key.grants', key.grants),
      ...part('key.aliases', key.aliases),
    },
    principal: {
      arn: principal.arn,
      uniqueId: principal.uniqueId,
      ...part('principal.identityPolicies', principal.identityPolicies, facts.principal.identityPolicies),
      ...part('principal.permissionsBoundary', principal.permissionsBoundary, facts.principal.permissionsBoundary),
      ...part('principal.sessionPolicies', principal.sessionPolicies, facts.principal.sessionPolicies),
    },
    organization: {
      ...part(
        'organization.serviceControlPolicies',
        organization.serviceControlPolicies,
        facts.organization.serviceControlPolicies,
      ),
      ...part(
        'organization.resourceControlPolicies',
        organization.resourceControlPolicies,
        facts.organization.resourceControlPolicies,
      ),
    },
    ...part('vpcEndpointPolicy', record.vpcEndpointPolicy, facts.vpcEndpointPolicy),
  };
  return { parts, unread };
};

/** What was refused, or what would be. */
export type AskedOf = { readonly denial: Denial } | { readonly request: FactsRequest };

/** The facts of a case as a file, for a person who wants to ask again without AWS. */
export const factsFileOf = (asked: AskedOf, record: FactsRecord): Json => {
  const { parts, unread } = fileOf(record);
  return { ...asked, ...parts, unread };
};
