import { visible } from '#shared/evidence/escape';
import { NO_VOLUME } from './entries.ts';
import type { OutlookEntry, ReadinessReport } from './report.ts';

/**
 * A field as RFC 4180 has it. What a spreadsheet would take for a formula gets an apostrophe before it, also behind a
 * semicolon, which parts fields where commas are decimal points: names and tags come from whoever owns the machine.
 * https://owasp.org/www-community/attacks/CSV_Injection
 */
const field = (value: string | null): string => {
  const text = visible(value ?? '').replace(/[\t\n]/g, ' ');
  const inert = text.replace(/(^|;)(\s*)(?=[=+\-@])/g, "$1$2'");
  return /[",;]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
};

const COLUMNS = [
  'account',
  'region',
  'instance',
  'name',
  'state',
  'volume',
  'device',
  'key',
  'way',
  'verdict',
  'refused_step',
  'cause',
  'role',
  'action',
  'explanation',
  'missing',
  'triage',
  'copy',
] as const;

const opening = ({ open, because }: { readonly open: boolean; readonly because: string | null }): string =>
  open ? 'open' : `closed: ${because ?? ''}`;

/** A machine without volumes has a line all the same. */
const NONE = { volumeId: null, device: null, situation: null };

const whyNot = (volumeId: string | null, outlook: OutlookEntry | undefined): string => {
  if (volumeId === null) return NO_VOLUME;
  return outlook === undefined ? 'it was not examined' : outlook.missing.join('; ');
};

/** One line a volume, most urgent first. */
export const readinessCsv = ({ rows, outlooks }: Pick<ReadinessReport, 'rows' | 'outlooks'>): string => {
  const byId = new Map(outlooks.map((entry) => [entry.id, entry]));
  const lines = rows.flatMap(({ accountId, region, instanceId, name, state, triage, volumes }) =>
    (volumes.length === 0 ? [NONE] : volumes).map(({ volumeId, device, situation }) => {
      const outlook = byId.get(situation ?? '');
      const [first] = outlook?.refusals ?? [];
      return [
        accountId,
        region,
        instanceId,
        name,
        state,
        volumeId,
        device,
        outlook?.keyArn ?? null,
        outlook?.way ?? null,
        outlook?.verdict ?? 'undetermined',
        first?.step ?? null,
        first?.cause ?? null,
        first?.roleArn ?? null,
        first?.action ?? null,
        first?.explanation ?? null,
        whyNot(volumeId, outlook),
        opening(triage),
        outlook === undefined ? null : opening(outlook.copy),
      ];
    }),
  );
  return [COLUMNS, ...lines].map((line) => `${line.map(field).join(',')}\r\n`).join('');
};
