import type { Settings } from '#shared/settings';

const DAY = 86_400_000;

/** Until when what is made is kept, by its tag: ISO 8601 in UTC. */
export const expiryOf = (since: string, { EVIDENCE_DAYS }: Pick<Settings, 'EVIDENCE_DAYS'>): string =>
  new Date(Date.parse(since) + EVIDENCE_DAYS * DAY).toISOString();
