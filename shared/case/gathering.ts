import { readEndpointFacts } from '#shared/aws/endpoint-facts';
import { readKeyFacts } from '#shared/aws/key-facts';
import { readOrganizationFacts } from '#shared/aws/organization-facts';
import { readPrincipalFacts } from '#shared/aws/principal-facts';
import { type AwsSession, type Custody, errorName, isRefusal } from '#shared/aws/session';
import {
  type FactsRecord,
  type GrantRecord,
  keyUnknown,
  type NamedDocument,
  organizationUnknown,
  type PrincipalRecord,
} from '#shared/diagnosis/facts-record';
import type { Question } from '#shared/diagnosis/question';
import { isGrantee } from '#shared/policy/grant';
import { type Known, known, unknown } from '#shared/policy/known';
import { accountOf, arnOf, type Principal } from '#shared/policy/principal';
import type { Denial } from '#shared/signal/signal';
import type { Flow } from './flow.ts';
import type { Tools } from './tools.ts';

const NO_KEY = 'the refusal names no key';
const NOBODY = 'the refusal names nobody whose policies could be read';

const principalUnknown = (because: string): PrincipalRecord => ({
  arn: null,
  uniqueId: null,
  identityPolicies: unknown(because),
  permissionsBoundary: unknown(because),
  sessionPolicies: unknown(because),
});

/** A grant to somebody else cannot bear on the question, and a key has one for every volume in use. */
const concerns =
  (principal: Principal | null) =>
  ({ GranteePrincipal }: GrantRecord): boolean =>
    principal === null || isGrantee(GranteePrincipal, principal) !== 'no';

/** A part of the facts, read in an account; what stands in the way of it is why it is unknown. */
type Reader = <T>(
  name: string,
  place: { readonly accountId: string; readonly region: string },
  read: (session: AwsSession, custody: Custody) => Promise<T>,
  otherwise: (because: string) => T,
) => Promise<T>;

const readerOf =
  (flow: Flow, { sessions }: Tools): Reader =>
  (name, { accountId, region }, read, otherwise) =>
    flow
      .step(name, async (custody) => {
        // A role that may not be assumed is an answer; anything else is tried again.
        const session = await sessions.at(accountId, region).catch((error: unknown) => {
          if (isRefusal(errorName(error))) return null;
          throw error;
        });
        return session === null ? otherwise(`there is no session in account ${accountId}`) : read(session, custody);
      })
      .catch((error: Error) => otherwise(error.message));

const placeOf = (keyArn: string) => {
  const [, , , region = '', accountId = ''] = keyArn.split(':');
  return { accountId, region };
};

/** What facts are read for: a refusal, or what would be one. */
export type Asked = Pick<Denial, 'keyArn' | 'region' | 'accountId' | 'vpcEndpointId'>;

/**
 * The facts that bear on a refusal, all read at once, each where it lives. It never fails: what cannot be read is unknown
 * and says why.
 */
export const gatherFacts = async (
  flow: Flow,
  tools: Tools,
  denial: Asked,
  question: Question | null,
): Promise<FactsRecord> => {
  const { settings } = tools;
  const { keyArn, region, accountId, vpcEndpointId } = denial;
  const principal = question?.principal ?? null;
  const callerAccount = (principal === null ? null : accountOf(principal)) ?? accountId;
  const keyAccount = keyArn === null ? accountId : placeOf(keyArn).accountId;
  const read = readerOf(flow, tools);
  const [key, ofPrincipal, organization, vpcEndpointPolicy] = await Promise.all([
    keyArn === null
      ? keyUnknown(NO_KEY)
      : read(
          'read the key',
          placeOf(keyArn),
          (session, custody) => readKeyFacts(session, custody, keyArn, concerns(principal)),
          keyUnknown,
        ),
    principal === null
      ? principalUnknown(NOBODY)
      : read(
          'read the principal',
          { accountId: callerAccount, region },
          (session, custody) => readPrincipalFacts(session, custody, arnOf(principal)),
          principalUnknown,
        ),
    question === null
      ? organizationUnknown(NOBODY)
      : read(
          'read the organisation',
          { accountId: settings.ACCOUNT_ID, region: settings.AWS_REGION },
          (session, custody) => readOrganizationFacts(session, custody, { callerAccount, keyAccount }),
          organizationUnknown,
        ),
    vpcEndpointId === null
      ? known(null)
      : read<Known<NamedDocument | null>>(
          'read the endpoint',
          { accountId: callerAccount, region },
          (session, custody) => readEndpointFacts(session, custody, vpcEndpointId),
          unknown,
        ),
  ]);
  return { key, principal: ofPrincipal, organization, vpcEndpointPolicy };
};
