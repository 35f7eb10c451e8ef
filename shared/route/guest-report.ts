import type * as z from 'zod';

/** What stands before a report, in the last line that a script of ours prints. */
const MARK = 'unlatch-result ';
const MOST_CHARACTERS = 4_096;

/**
 * The report in a command's output; `null` where there is none that can be read, or it is of another case. The last one
 * counts. The host may be the attacker's: the schema bounds everything in it.
 */
export const readGuestReport = <Report extends { readonly case: string }>(
  schema: z.ZodType<Report>,
  stdout: string,
  caseId: string,
): Report | null => {
  const at = stdout.lastIndexOf(MARK);
  if (at < 0) return null;
  const [line = ''] = stdout.slice(at + MARK.length, at + MARK.length + MOST_CHARACTERS).split('\n');
  try {
    const report = schema.parse(JSON.parse(line));
    return report.case === caseId ? report : null;
  } catch {
    return null;
  }
};
