/** A string that the POSIX shell takes literally. */
export const shQuote = (value: string): string => `'${value.replaceAll("'", `'\\''`)}'`;

/** A string that PowerShell takes literally. It reads typographic quotes as quotes too. */
export const powerShellQuote = (value: string): string => `'${value.replace(/['\u2018-\u201b]/g, '$&$&')}'`;

const CONTROL = /[^\x20-\x7e\u00a0-\uffff]/;

/**
 * A value that may stand in a script; throws a `RangeError` for any other. Systems Manager replaces `{{ name }}` in
 * parameters, and a line break would end an assignment.
 */
export const checked = (value: string): string => {
  if (CONTROL.test(value) || value.includes('{{'))
    throw new RangeError('a value for a script holds `{{` or a control character');
  return value;
};

/** A number of seconds as a script reads it; throws a `RangeError` for none. */
export const wholeSeconds = (value: number): number => {
  if (!Number.isSafeInteger(value) || value < 1) throw new RangeError(`\`${value}\` is no whole number of seconds`);
  return value;
};
