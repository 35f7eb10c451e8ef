import { permissionsPage } from '#local/template/permissions-page';
import { holdersOf, MEMBERS, OWN } from './holders.ts';
import { unseen } from './unseen.ts';

/** `docs/permissions.md`, as it has to be. */
export const pageOfPermissions = (): string =>
  permissionsPage(
    holdersOf().filter(({ account }) => account === OWN || account === MEMBERS[0]),
    (holder, sid, action) => unseen[`${holder} ${sid} ${action}`],
  );
