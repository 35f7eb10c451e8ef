import type { NamedPrincipal } from './policy.ts';
import { type Truth, truthOf } from './truth.ts';

/** Who asks, as far as it is known. */
export type Principal =
  | {
      readonly kind: 'role';
      readonly accountId: string;
      readonly name: string;
      /** With its path; `null` where only the session is known, whose ARN leaves the path out. */
      readonly roleArn: string | null;
      /** ARN of the session; `null` where only the role is known. */
      readonly sessionArn: string | null;
      /** `AROA…`, or `null` where it is not known. */
      readonly uniqueId: string | null;
    }
  | {
      readonly kind: 'user';
      readonly accountId: string;
      readonly name: string;
      readonly arn: string;
      readonly uniqueId: string | null;
    }
  | { readonly kind: 'root'; readonly accountId: string; readonly arn: string }
  | { readonly kind: 'service'; readonly name: string };

const ARN = /^arn:(aws[a-z-]*):(?:iam|sts)::(\d{12}):(root|role|user|assumed-role)(?:\/([\w+=,.@/-]{1,600}))?$/;
const SERVICE = /^[a-z0-9.-]{1,128}\.amazonaws\.com(?:\.cn)?$/;

export const isService = (text: string): boolean => SERVICE.test(text);

/** Reads the ARN of a role, a role's session, a user or an account's root, or a service's name; `null` for anything else. */
export const principalOf = (text: string): Principal | null => {
  if (isService(text)) return { kind: 'service', name: text };
  const [, , accountId = '', kind, path = ''] = ARN.exec(text) ?? [];
  if (kind === 'root') return path === '' ? { kind, accountId, arn: text } : null;
  if (path === '' || path.endsWith('/')) return null;
  const last = path.slice(path.lastIndexOf('/') + 1);
  if (kind === 'user') return { kind, accountId, name: last, arn: text, uniqueId: null };
  if (kind === 'role') return { kind, accountId, name: last, roleArn: text, sessionArn: null, uniqueId: null };
  const [name = '', session, ...more] = path.split('/');
  if (session === undefined || more.length > 0) return null;
  return { kind: 'role', accountId, name, roleArn: null, sessionArn: text, uniqueId: null };
};

/** The ARN by which policies should name it; a role of which only a session is known is taken to have no path. */
export const arnOf = (principal: Principal): string => {
  if (principal.kind === 'service') return principal.name;
  if (principal.kind !== 'role') return principal.arn;
  const { roleArn, sessionArn, accountId, name } = principal;
  const partition = sessionArn?.split(':')[1] ?? 'aws';
  return roleArn ?? `arn:${partition}:iam::${accountId}:role/${name}`;
};

export const accountOf = (principal: Principal): string | null =>
  principal.kind === 'service' ? null : principal.accountId;

/** Names of roles and users are unique in an account, whatever their paths. */
const unique = (principal: Principal): string =>
  [principal.kind, accountOf(principal), 'name' in principal ? principal.name : ''].join(' ');

/** Whether both are one and the same, as far as their names tell. */
export const isTheSame = (left: Principal, right: Principal): boolean => unique(left) === unique(right);

/** Where one of the two is not known, an equal name is enough: names of roles and users are unique in an account. */
const sameArn = (left: string | null, right: string): boolean => left === null || left === right;

type Match<Kind extends NamedPrincipal['kind']> = (
  named: Extract<NamedPrincipal, { kind: Kind }>,
  principal: Principal,
) => Truth;

const entity: Match<'role' | 'user'> = (named, principal) =>
  truthOf(
    principal.kind === named.kind &&
      principal.accountId === named.accountId &&
      principal.name === named.name &&
      sameArn(principal.kind === 'role' ? principal.roleArn : principal.arn, named.arn),
  );

const session: Match<'session'> = (named, principal) => {
  if (principal.kind !== 'role') return 'no';
  if (principal.sessionArn !== null) return truthOf(principal.sessionArn === named.arn);
  return named.arn.includes(`::${principal.accountId}:assumed-role/${principal.name}/`) ? 'unknown' : 'no';
};

const uniqueId: Match<'unique-id'> = (named, principal) => {
  if (principal.kind !== 'role' && principal.kind !== 'user') return 'no';
  return principal.uniqueId === null ? 'unknown' : truthOf(principal.uniqueId === named.id);
};

/** Whether a named principal is, or takes in, the one who asks. */
export const names = (named: NamedPrincipal, principal: Principal): Truth => {
  switch (named.kind) {
    case 'everyone':
      return 'yes';
    case 'account':
      return truthOf(accountOf(principal) === named.accountId);
    case 'role':
    case 'user':
      return entity(named, principal);
    case 'session':
      return session(named, principal);
    case 'unique-id':
      return uniqueId(named, principal);
    case 'service':
      return truthOf(principal.kind === 'service' && (named.name === '*' || named.name === principal.name));
    case 'elsewhere':
      return 'no';
  }
};
