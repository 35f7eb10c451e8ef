import type { NamedPrincipal, Statement } from './policy.ts';
import { type Place, refuse, shown, within } from './policy-error.ts';

/**
 * The published forms of Principal and NotPrincipal.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
 */
const ACCOUNT_ID = /^\d{12}$/;
const UNIQUE_ID = /^A[A-Z]{3}[A-Z0-9]{12,124}$/;
const ENTITY = /^arn:aws[a-z-]*:(iam|sts)::(\d{12}):(root|role|user|assumed-role|federated-user)(?:\/(.+))?$/;
const EVERYONE: NamedPrincipal = { kind: 'everyone' };

/** An account, role, user or session by its ARN or id; `null` where it is none. */
export const namedByArn = (text: string): NamedPrincipal | null => {
  if (ACCOUNT_ID.test(text)) return { kind: 'account', accountId: text };
  if (UNIQUE_ID.test(text)) return { kind: 'unique-id', id: text };
  const [, service, accountId = '', kind, path] = ENTITY.exec(text) ?? [];
  if (kind === 'root' && service === 'iam' && path === undefined) return { kind: 'account', accountId };
  if (path === undefined || /[*?]/.test(path)) return null;
  if (service === 'iam' && (kind === 'role' || kind === 'user'))
    return { kind, arn: text, accountId, name: path.slice(path.lastIndexOf('/') + 1) };
  return service === 'sts' && (kind === 'assumed-role' || kind === 'federated-user')
    ? { kind: 'session', arn: text }
    : null;
};

const awsPrincipal = (text: string, place: Place): NamedPrincipal => {
  if (text === '*') return EVERYONE;
  return (
    namedByArn(text) ??
    refuse(
      place,
      `expected \`*\`, an account, or the ARN of a role, user or session without wildcards, found ${shown(text)}`,
    )
  );
};

const KINDS: Readonly<Record<string, (text: string, place: Place) => NamedPrincipal>> = {
  AWS: awsPrincipal,
  Service: (name) => ({ kind: 'service', name }),
  Federated: () => ({ kind: 'elsewhere' }),
  CanonicalUser: () => ({ kind: 'elsewhere' }),
};

const named = (kind: string, value: unknown, place: Place): readonly NamedPrincipal[] => {
  const read = Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined;
  if (read === undefined) return refuse(place, 'expected one of `AWS`, `Service`, `Federated`, `CanonicalUser`');
  const items = Array.isArray(value) ? value : [value];
  if (items.length === 0) return refuse(place, 'expected at least one principal');
  return items.map((item: unknown, index) => {
    const at = Array.isArray(value) ? within(place, index) : place;
    return typeof item === 'string' ? read(item, at) : refuse(at, `expected text, found ${shown(item)}`);
  });
};

const principalsIn = (value: unknown, place: Place): readonly NamedPrincipal[] => {
  if (value === '*') return [EVERYONE];
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return refuse(place, `expected \`"*"\` or an object such as \`{"AWS": "…"}\`, found ${shown(value)}`);
  const entries = Object.entries(value);
  if (entries.length === 0) return refuse(place, 'expected at least one principal');
  return entries.flatMap(([kind, value]) => named(kind, value, within(place, kind)));
};

/** The Principal or NotPrincipal of a statement; `null` where it has neither. @throws PolicyError */
export const readPrincipals = (
  element: 'Principal' | 'NotPrincipal',
  value: unknown,
  place: Place,
): Statement['principals'] => ({
  negated: element === 'NotPrincipal',
  named: principalsIn(value, within(place, element)),
});
