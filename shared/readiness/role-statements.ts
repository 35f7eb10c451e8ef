import type { NamedDocument, PrincipalRecord } from '#shared/diagnosis/facts-record';
import { type Known, known, unknown } from '#shared/policy/known';
import { statementsIn } from '#shared/policy/lint/subject';
import { PolicyError } from '#shared/policy/policy-error';
import { parsedDocument } from '#shared/policy/read-policy';
import {
  FEATURES,
  type Feature,
  isFeature,
  type NamedStatements,
  type Survey,
  surveyOf,
} from '#shared/tightening/catalogue';
import { bad, good, type Looking, note, type Seen, untold } from './checks.ts';
import type { HealthCheck } from './report.ts';

const CHECK = 'response role';

const readDocument = ({ name, document }: NamedDocument): Known<NamedStatements> => {
  try {
    return known({ name, statements: statementsIn(parsedDocument(document, name)) });
  } catch (error) {
    if (error instanceof PolicyError) return unknown(error.message);
    throw error;
  }
};

/** What the fleet shows to be in use, whatever anybody has said. */
const seenFeatures = ({ encrypted, ways, reachable }: Seen): readonly Feature[] => [
  'disks',
  ...(encrypted ? ['encrypted-disks' as const] : []),
  ...(ways.some((way) => way.startsWith('cross-account')) ? ['cross-account' as const] : []),
  ...(ways.some((way) => way.startsWith('cross-account-default-key')) ? ['default-key-disks' as const] : []),
  ...(reachable > 0 ? ['triage' as const] : []),
];

const named = (features: readonly Feature[]): string => features.map((feature) => FEATURES[feature]).join('; ');

const sidsIn = (standings: Survey['unused'] | Survey['strange']): string =>
  standings.map(({ policy, sid, statement }) => `${sid ?? `statement ${statement + 1}`} of ${policy}`).join(', ');

/** What the catalogue says of a role's statements. Nobody can say what may go who has not been told what is in use. */
const surveyed = (roleArn: string, survey: Survey, isTold: boolean): readonly HealthCheck[] => {
  const { missing, unused } = survey;
  return [
    ...missing.map(({ feature, sids }) =>
      note(
        CHECK,
        `${roleArn} has no published statement for ${FEATURES[feature]}.`,
        `If no other statement allows it, add ${sids.join(' or ')}.`,
      ),
    ),
    ...(isTold
      ? unused.map((standing) =>
          note(
            CHECK,
            `${sidsIn([standing])} of ${roleArn} serves what is not in use: ${named(standing.features)}.`,
            'It can go: `explain --tighten` proves it on a copy.',
          ),
        )
      : []),
  ];
};

const ofRole = (roleArn: string, { identityPolicies }: PrincipalRecord, looking: Looking): readonly HealthCheck[] => {
  if (!identityPolicies.known) return [untold(CHECK, identityPolicies.because)];
  const policies = identityPolicies.value.map(readDocument);
  const unread = policies.find((part) => !part.known);
  if (unread !== undefined && !unread.known) return [untold(CHECK, unread.because)];
  const told = looking.settings.FEATURES_IN_USE.filter(isFeature);
  const inUse = new Set([...told, ...seenFeatures(looking.seen)]);
  const written = policies.flatMap((part) => (part.known ? [part.value] : []));
  const found = surveyed(roleArn, surveyOf(written, inUse), told.length > 0);
  return found.length > 0 ? found : [good(CHECK, `${roleArn} has a statement for each feature that is in use.`)];
};

/** Which roles acquire in the account where the platform works, and their statements beside the catalogue of features. */
export const roleStatements = async (looking: Looking): Promise<readonly HealthCheck[]> => {
  const { settings, shelf } = looking;
  const { accountId } = shelf.platformPlace;
  const { roles, principals } = await shelf.account(accountId);
  if (!roles.known) return [untold(CHECK, roles.because)];
  if (roles.value.length === 0)
    return [
      bad(
        CHECK,
        `No role of account ${accountId} fits \`${settings.RESPONSE_ROLE}\`.`,
        'Set `ResponseRolePattern` to the names of the roles that acquire, or name them in the request.',
      ),
    ];
  const surveys = [...principals].flatMap(([roleArn, record]) => ofRole(roleArn, record, looking));
  return [good(CHECK, `Acquires in account ${accountId}: ${roles.value.join(', ')}.`), ...surveys];
};
