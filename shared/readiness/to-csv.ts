import { visible } from '#shared/evidence/escape';
import type { ReadinessReport } from './report.ts';

/**
 * A field as RFC 4180 has it. What a spreadsheet would take for a formula gets an apostrophe before it: names and tags come
 * from whoever owns the machine. https://owasp.org/www-community/attacks/CSV_Injection
 */
const field = (value: string | null): string => {
  const text = visible(value ?? '').replace(/[\t\n]/g, ' ');
  const inert = /^[=+\-@]/.test(text) ? `'${text}` : text;
  return /[",]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
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

/** One line a volume, most urgent first. */
export const readinessCsv = ({ rows, outlooks }: Pick<ReadinessReport, 'rows' | 'outlooks'>): string => {
  const byId = new Map(outlooks.map((entry) => [entry.id, entry]));
  const lines = rows.flatMap(({ accountId, region, instanceId, name, state, triage, volumes }) =>
    volumes.map(({ volumeId, device, situation }) => {
      const outlook = byId.get(situation);
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
        outlook === undefined ? 'it was not examined' : outlook.missing.join('; '),
        opening(triage),
        outlook === undefined ? null : opening(outlook.copy),
      ];
    }),
  );
  return [COLUMNS, ...lines].map((line) => `${line.map(field).join(',')}\r\n`).join('');
};
