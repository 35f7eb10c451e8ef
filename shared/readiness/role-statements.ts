import { bad, good, type Looking, untold } from './checks.ts';
import type { HealthCheck } from './report.ts';

const CHECK = 'response role';

/** Which roles acquire in the account where the platform works. */
export const roleStatements = async ({ settings, shelf }: Looking): Promise<readonly HealthCheck[]> => {
  const { accountId } = shelf.platformPlace;
  const { roles } = await shelf.account(accountId);
  if (!roles.known) return [untold(CHECK, roles.because)];
  return roles.value.length === 0
    ? [
        bad(
          CHECK,
          `No role of account ${accountId} fits \`${settings.RESPONSE_ROLE}\`.`,
          'Set `ResponseRolePattern` to the names of the roles that acquire, or name them in the request.',
        ),
      ]
    : [good(CHECK, `Acquires in account ${accountId}: ${roles.value.join(', ')}.`)];
};
