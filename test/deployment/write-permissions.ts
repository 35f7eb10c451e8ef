import { writeFileSync } from 'node:fs';
import { pageOfPermissions } from './permissions-page.ts';

/** `npm run permissions`: writes `docs/permissions.md` from the templates. */
writeFileSync('docs/permissions.md', pageOfPermissions());
