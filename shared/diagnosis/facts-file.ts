import { z } from 'zod';
import { KEY_STATES } from '#shared/policy/key-state';
import { type Known, known, unknown } from '#shared/policy/known';
import type { PolicyKind } from '#shared/policy/policy';
import { PolicyError } from '#shared/policy/policy-error';
import { principalOf } from '#shared/policy/principal';
import { readPolicy } from '#shared/policy/read-policy';
import type { FactsRecord } from './facts-record.ts';
import { GrantListEntry } from './grant-record.ts';

/**
 * Facts as a person writes them down, or a case kept them: the file that `explain` reads. A part that is absent is
 * unknown; `null` or `[]` says that there is none. docs/explain.md describes it.
 */

/** A policy, checked where it stands: the place of an error is the file's, then the document's. */
const Document = (kind: PolicyKind) =>
  z
    .union([z.string(), z.record(z.string(), z.unknown())], 'expected a policy: a JSON object, or its text')
    .superRefine((document, context) => {
      try {
        readPolicy(document, kind, '');
      } catch (error) {
        if (!(error instanceof PolicyError)) throw error;
        context.addIssue({
          code: 'custom',
          message: `${error.place}${error.place === '' ? '' : ': '}${error.expected}`,
        });
      }
    });

const Named = (kind: PolicyKind) => z.strictObject({ name: z.string().min(1).max(2_048), document: Document(kind) });

/** A policy with its name, or alone. */
const One = (kind: PolicyKind, name: string) =>
  z.preprocess(
    (value) => (typeof value === 'object' && value !== null && 'document' in value ? value : { name, document: value }),
    Named(kind),
  );

const Levels = (kind: PolicyKind) =>
  z.array(z.strictObject({ target: z.string().min(1).max(256), policies: z.array(Named(kind)) }));

const KEY = /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+$/;
const ROLE = /^arn:aws[a-z-]*:iam::\d{12}:role\/\S+$/;

/** The values of a context key: text, or several; numbers and booleans as JSON has them. */
const ContextValue = z
  .union([z.string(), z.number(), z.boolean(), z.array(z.string()), z.null()])
  .transform((value) => (typeof value === 'number' || typeof value === 'boolean' ? String(value) : value));

/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_awskeymanagementservice.html */
const WITHOUT_KEY = /^kms:(?:CreateKey|GenerateRandom|ListAliases|ListKeys|ListRetirableGrants|\w*CustomKeyStores?)$/;
const LINKED_ROLE = 'iam:CreateServiceLinkedRole';

const resourceFits = (action: string | null, resource: string): boolean => {
  if (action === LINKED_ROLE) return ROLE.test(resource);
  return action !== null && WITHOUT_KEY.test(action) ? resource === '*' : KEY.test(resource);
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
  .superRefine(({ action, resource }, context) => {
    if (resourceFits(action, resource)) return;
    const message = `expected the ARN of a KMS key; \`*\` for an action without one, the ARN of the role for \`${LINKED_ROLE}\``;
    context.addIssue({ code: 'custom', path: ['resource'], message });
  });
export type FactsRequest = z.output<typeof Request>;

const FactsFile = z.strictObject({
  request: Request.optional(),
  event: z.record(z.string(), z.unknown()).optional(),
  key: z
    .strictObject({
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
      identityPolicies: z.array(Named('attached')).nullish(),
      permissionsBoundary: z.union([z.null(), One('attached', 'the permissions boundary')]).optional(),
      sessionPolicies: z.array(Named('attached')).nullish(),
    })
    .optional(),
  organization: z
    .strictObject({
      serviceControlPolicies: Levels('attached').nullish(),
      resourceControlPolicies: Levels('resource').nullish(),
    })
    .nullish(),
  vpcEndpointPolicy: z.union([z.null(), One('resource', 'the VPC endpoint policy')]).optional(),
});

/** What a facts file asks, and what it knows. */
export interface AskedFacts {
  readonly request: FactsRequest | null;
  /** An event as EventBridge delivers it, in place of the request. */
  readonly event: Readonly<Record<string, unknown>> | null;
  readonly record: FactsRecord;
}

const NOT_GIVEN = 'not given';

/** `null` and `[]` are none; what is absent is unknown. */
const listed = <T>(list: readonly T[] | null | undefined): Known<readonly T[]> =>
  list === undefined ? unknown(NOT_GIVEN) : known(list ?? []);
const given = <T>(value: T | undefined): Known<T> => (value === undefined ? unknown(NOT_GIVEN) : known(value));

/** The whole of a facts file, checked. Its issues name the place in the file, and in a policy the place in that. */
export const FactsInFile = FactsFile.refine(
  ({ request, event }) => (request === undefined) !== (event === undefined),
  'expected either `request` or `event`',
).transform(
  ({ request, event, key, principal, organization, vpcEndpointPolicy }): AskedFacts => ({
    request: request ?? null,
    event: event ?? null,
    record: {
      key: {
        state: given(key?.state),
        manager: given(key?.manager),
        policy: given(key?.policy),
        grants: listed(key?.grants),
        aliases: listed(key?.aliases),
      },
      principal: {
        arn: principal?.arn ?? null,
        uniqueId: principal?.uniqueId ?? null,
        identityPolicies: listed(principal?.identityPolicies),
        permissionsBoundary: given(principal?.permissionsBoundary),
        sessionPolicies: listed(principal?.sessionPolicies),
      },
      organization: {
        serviceControlPolicies: organization === null ? known([]) : listed(organization?.serviceControlPolicies),
        resourceControlPolicies: organization === null ? known([]) : listed(organization?.resourceControlPolicies),
      },
      vpcEndpointPolicy: given(vpcEndpointPolicy),
    },
  }),
);

/** The same facts as a file, for a person who wants to ask again without AWS. */
export const factsFileOf = (
  request: Omit<FactsRequest, 'context'> & { readonly context: Readonly<Record<string, unknown>> },
  { key, principal, organization, vpcEndpointPolicy }: FactsRecord,
): Readonly<Record<string, unknown>> => ({
  request,
  key: {
    ...part('state', key.state),
    ...part('manager', key.manager),
    ...part('policy', key.policy),
    ...part('grants', key.grants),
    ...part('aliases', key.aliases),
  },
  principal: {
    arn: principal.arn,
    uniqueId: principal.uniqueId,
    ...part('identityPolicies', principal.identityPolicies),
    ...part('permissionsBoundary', principal.permissionsBoundary),
    ...part('sessionPolicies', principal.sessionPolicies),
  },
  organization: {
    ...part('serviceControlPolicies', organization.serviceControlPolicies),
    ...part('resourceControlPolicies', organization.resourceControlPolicies),
  },
  ...part('vpcEndpointPolicy', vpcEndpointPolicy),
});

const part = (name: string, value: Known<unknown>): Readonly<Record<string, unknown>> =>
  value.known ? { [name]: value.value } : {};
