import type { NamedDocument } from '#shared/diagnosis/facts-record';
import { grantOf } from '#shared/permission/grant';
import { type Known, known, unknown } from '#shared/policy/known';
import { statementsIn, type Written } from '#shared/policy/lint/subject';
import { PolicyError } from '#shared/policy/policy-error';
import { parsedDocument } from '#shared/policy/read-policy';
import { good, type Looking, note, untold } from './checks.ts';
import type { HealthCheck } from './report.ts';

const CHECK = 'one-time permission';

interface Place {
  readonly where: string;
  /** Allowed by a wildcard, for other services too, or by all but some: nothing that can be taken away by itself. */
  readonly widely: boolean;
}

const placesIn = ({ name, document }: NamedDocument): Known<readonly Place[]> => {
  try {
    return known(
      statementsIn(parsedDocument(document, name)).flatMap((statement, index) => {
        const { grants } = grantOf(statement);
        const where = `${name}, ${sidOf(statement) ?? `statement ${index + 1}`}`;
        return grants === 'nothing' ? [] : [{ where, widely: grants === 'widely' }];
      }),
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
  if (roles.value.length === 0) return [untold(CHECK, 'no response role was found')];
  const policies = roles.value.map((arn) => principals.get(arn)?.identityPolicies ?? unknown(`${arn} was not read`));
  const read = policies.flatMap((part) => (part.known ? part.value.map(placesIn) : [part]));
  const unread = read.find((part) => !part.known);
  if (unread !== undefined && !unread.known) return [untold(CHECK, unread.because)];
  const all = read.flatMap((part) => (part.known ? part.value : []));
  const widely = all.filter((place) => place.widely);
  const places = all.filter((place) => !place.widely).map(({ where }) => where);
  const wider = widely.map(({ where }) =>
    note(
      CHECK,
      `${where} allows \`iam:CreateServiceLinkedRole\` among other things.`,
      '`retire-permission` leaves such a statement as it is: narrow it by hand.',
    ),
  );
  const { hasLinkedRole: isMade } = await looking.shelf.platform();
  if (places.length === 0)
    return wider.length > 0
      ? wider
      : [
          isMade.known && !isMade.value
            ? note(
                CHECK,
                `Nothing allows the response role to make KMS's service-linked role, which account ${looking.shelf.platformPlace.accountId} does not have yet: the first multi-Region key would be refused.`,
              )
            : good(CHECK, 'No statement of the response role allows `iam:CreateServiceLinkedRole`.'),
        ];
  if (!isMade.known) return [...wider, untold(CHECK, isMade.because)];
  const where = places.join('; ');
  return [
    ...wider,
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
