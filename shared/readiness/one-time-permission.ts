import type { NamedDocument } from '#shared/diagnosis/facts-record';
import { grantOf } from '#shared/permission/grant';
import { type Known, known, unknown } from '#shared/policy/known';
import { statementsIn, type Written } from '#shared/policy/lint/subject';
import { PolicyError } from '#shared/policy/policy-error';
import { parsedDocument } from '#shared/policy/read-policy';
import { good, type Looking, note, untold } from './checks.ts';
import type { HealthCheck } from './report.ts';

const CHECK = 'one-time permission';
const statementsOf = ({ name, document }: NamedDocument): Known<readonly string[]> => {
  try {
    return known(
      statementsIn(parsedDocument(document, name)).flatMap((statement, index) =>
        grantOf(statement).grants === 'one-time' ? [`${name}, ${sidOf(statement) ?? `statement ${index + 1}`}`] : [],
      ),
    );
  } catch (error) {
    if (error instanceof PolicyError) return unknown(error.message);
    throw error;
  }
};

const sidOf = ({ Sid }: Written): string | null => (typeof Sid === 'string' && Sid !== '' ? Sid : null);

/** Whether the permission that an acquisition needs once is still there, and whether it can go. */
export const oneTimePermission = async (looking: Looking): Promise<readonly HealthCheck[]> => {
  const { roles, principals } = await looking.shelf.account(looking.shelf.platformPlace.accountId);
  if (!roles.known) return [untold(CHECK, roles.because)];
  const policies = [...principals.values()].map(({ identityPolicies }) => identityPolicies);
  const unread = policies.find((part) => !part.known);
  if (unread !== undefined && !unread.known) return [untold(CHECK, unread.because)];
  const read = policies.flatMap((part) => (part.known ? part.value.map(statementsOf) : []));
  const places = read.flatMap((part) => (part.known ? part.value : []));
  const { hasLinkedRole: isMade } = await looking.shelf.platform();
  if (places.length === 0)
    return [
      isMade.known && !isMade.value
        ? note(
            CHECK,
            `Nothing allows the response role to make KMS's service-linked role, which account ${looking.shelf.platformPlace.accountId} does not have yet: the first multi-Region key would be refused.`,
          )
        : good(CHECK, 'No statement of the response role allows `iam:CreateServiceLinkedRole`.'),
    ];
  if (!isMade.known) return [untold(CHECK, isMade.because)];
  const where = places.join('; ');
  return [
    isMade.value
      ? note(
          CHECK,
          `The service-linked role of KMS is made: what allows it is no longer needed (${where}).`,
          'Let `retire-permission` take it away, or remove `iam:CreateServiceLinkedRole` from it.',
        )
      : note(
          CHECK,
          `The one-time permission is there, and still needed: KMS has no service-linked role in the account (${where}).`,
        ),
  ];
};
