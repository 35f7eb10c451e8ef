import type { GeneratedRequest } from './generated-requests.ts';
import { EVERYTHING, isNegated, type PolicyText, type StatementText } from './policy-text.ts';
import { firstStatement, type Respelling } from './respelling.ts';

/** Ways to name the one who asks that the two engines read in different ways, in words that they read alike. */

/** The statements of a key policy that allow by a certain naming, and the policy without that naming. */
const parted = (policy: PolicyText, isMeant: (name: string, statement: StatementText) => boolean) => {
  const split = (wanted: boolean): PolicyText => ({
    ...policy,
    statements: policy.statements.flatMap((statement): readonly StatementText[] => {
      const { effect, principal } = statement;
      if (effect === 'Deny' || principal === undefined) return [statement];
      const named = principal.named.filter((name) => (!principal.negated && isMeant(name, statement)) === wanted);
      return named.length === 0 ? [] : [{ ...statement, principal: { ...principal, named } }];
    }),
  });
  return { by: split(true), without: split(false) };
};

const allows = ({ statements }: PolicyText): boolean => statements.some(({ effect }) => effect === 'Allow');

const isOpen = (policy: PolicyText | null): boolean => policy === null || policy.statements.includes(EVERYTHING);
const opened = (policy: PolicyText | null): PolicyText | null =>
  policy === null ? null : { ...policy, statements: [...policy.statements, EVERYTHING] };

const ownAccount = ({ principal }: GeneratedRequest): string => principal.split(':')[4] ?? '';

const picksThePrincipal = ({ conditions }: StatementText): boolean =>
  conditions.some(
    (line) => line.key.toLowerCase() === 'aws:principalarn' && !isNegated(line) && line.operator !== 'Null',
  );

export const sessionNamed = (request: GeneratedRequest): Respelling | null => {
  const { keyPolicy, sessionPolicy, owner, principal } = request;
  if (keyPolicy === null || isOpen(sessionPolicy) || owner !== ownAccount(request)) return null;
  const { by, without } = parted(
    keyPolicy,
    (name, statement) => name === principal || (name === '*' && picksThePrincipal(statement)),
  );
  if (!allows(by)) return null;
  return {
    anyOf: [
      { ...request, keyPolicy: without },
      { ...request, keyPolicy: by, sessionPolicy: opened(sessionPolicy) },
    ],
  };
};

export const everyoneNamed = (request: GeneratedRequest): Respelling | null => {
  const { keyPolicy, permissionsBoundary, sessionPolicy, identityPolicies, owner } = request;
  if (keyPolicy === null || owner !== ownAccount(request)) return null;
  if (isOpen(permissionsBoundary) && isOpen(sessionPolicy)) return null;
  const { by, without } = parted(keyPolicy, (name, statement) => name === '*' && !picksThePrincipal(statement));
  if (!allows(by)) return null;
  const toTheAccount = by.statements.map((statement) =>
    statement.effect === 'Allow' ? { ...statement, principal: { negated: false, named: [owner] } } : statement,
  );
  return {
    anyOf: [
      { ...request, keyPolicy: without },
      {
        alike: [
          {
            ...request,
            keyPolicy: { ...by, statements: toTheAccount },
            identityPolicies: [...identityPolicies, { version: '2012-10-17', statements: [EVERYTHING] }],
          },
          {
            ...request,
            keyPolicy: by,
            permissionsBoundary: opened(permissionsBoundary),
            sessionPolicy: opened(sessionPolicy),
          },
        ],
      },
    ],
  };
};

const everyone = { negated: false, named: ['*'] } as const;

const SESSION = /^arn:aws:sts::\d+:assumed-role\/([^/]+)\//;

/** The names of the one who asks that a statement lists, and those that it would have to list. */
const namesOf = ({ principal, context }: GeneratedRequest) => {
  const role = String(context['aws:PrincipalArn']);
  const account = String(context['aws:PrincipalAccount']);
  const isRole = role.includes(':role/');
  const session = (name: string) => (SESSION.test(principal) ? name === principal : isRole && SESSION.test(name));
  return {
    isOwn: (name: string): boolean => name === role || name === account || session(name),
    all: [...new Set([principal, role, account])],
    isRoleAlone: principal === role && isRole,
  };
};

export const leftOutInPart = (request: GeneratedRequest): Respelling | null =>
  firstStatement(request, (statement) => {
    const { effect, principal } = statement;
    const { isOwn, all, isRoleAlone } = namesOf(request);
    if (effect === 'Allow' || principal?.negated !== true || !principal.named.some(isOwn)) return null;
    if (!isRoleAlone && all.every((name) => principal.named.includes(name))) return null;
    if (request.permissionsBoundary !== null) return null;
    return [[{ ...statement, principal: everyone }], []];
  });

export const allowedByLeavingOut = (request: GeneratedRequest): Respelling | null =>
  firstStatement(request, (statement) =>
    statement.effect === 'Allow' && statement.principal?.negated ? [[{ ...statement, principal: everyone }], []] : null,
  );

export const sessionUnknown = (request: GeneratedRequest): Respelling | null => {
  const { isRoleAlone } = namesOf(request);
  if (!isRoleAlone) return null;
  const role = request.principal;
  return firstStatement(request, (statement) => {
    const { principal, conditions } = statement;
    if (principal === undefined || principal.negated || !principal.named.some((name) => SESSION.test(name)))
      return null;
    const named = principal.named.filter((name) => !SESSION.test(name));
    const others = named.length === 0 ? [] : [{ ...statement, principal: { negated: false, named } }];
    const picked = { operator: 'ArnEquals', key: 'aws:principalarn', values: [role] };
    return [[...others, { ...statement, principal: everyone, conditions: [...conditions, picked] }], others];
  });
};
