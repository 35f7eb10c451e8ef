/**
 * Policy documents as the generator writes them: the lines of a Condition block are a list, so that a line can be taken
 * out or put in other words, and become AWS's notation in `documentOf`.
 */
export interface PolicyText {
  readonly version: '2012-10-17' | '2008-10-17' | null;
  readonly statements: readonly StatementText[];
}

export interface StatementText {
  readonly effect: 'Allow' | 'Deny';
  readonly principal?: PrincipalText;
  readonly actions: Patterns;
  readonly resources: Patterns;
  /** Each on a key of its own. */
  readonly conditions: readonly ConditionText[];
}

export interface PrincipalText {
  readonly negated: boolean;
  /** `*` alone, or ARNs and account ids. */
  readonly named: readonly string[];
}

export interface Patterns {
  readonly negated: boolean;
  readonly patterns: readonly string[];
}

export interface ConditionText {
  /** As `ForAnyValue:StringLikeIfExists`. */
  readonly operator: string;
  readonly key: string;
  readonly values: readonly string[];
}

/** A statement that allows whatever is asked. */
export const EVERYTHING: StatementText = {
  effect: 'Allow',
  actions: { negated: false, patterns: ['*'] },
  resources: { negated: false, patterns: ['*'] },
  conditions: [],
};

const OPERATOR = /^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/;

/** The parts of an operator's name: quantifier, base and suffix. */
export const partsOf = (operator: string) => {
  const [, quantifier = null, base = '', ifExists = ''] = OPERATOR.exec(operator) ?? [];
  return { quantifier, base, ifExists };
};

const alone = (items: readonly string[]): string | readonly string[] => {
  const [first, ...others] = items;
  return first !== undefined && others.length === 0 ? first : items;
};

const element = (name: string, { negated, patterns }: Patterns) => ({
  [negated ? `Not${name}` : name]: alone(patterns),
});

const principalOf = ({ negated, named }: PrincipalText) => ({
  [negated ? 'NotPrincipal' : 'Principal']: named.includes('*') ? '*' : { AWS: alone(named) },
});

const conditionOf = (lines: readonly ConditionText[]) => {
  const block: Record<string, Record<string, string | readonly string[]>> = {};
  for (const { operator, key, values } of lines) block[operator] = { ...block[operator], [key]: alone(values) };
  return block;
};

const statementOf = ({ effect, principal, actions, resources, conditions }: StatementText) => ({
  Effect: effect,
  ...(principal === undefined ? {} : principalOf(principal)),
  ...element('Action', actions),
  ...element('Resource', resources),
  ...(conditions.length === 0 ? {} : { Condition: conditionOf(conditions) }),
});

/** The document in AWS's notation. */
export const documentOf = ({ version, statements }: PolicyText) => ({
  ...(version === null ? {} : { Version: version }),
  Statement: statements.map(statementOf),
});

export const isNegated = ({ operator }: ConditionText): boolean => operator.includes('Not');

/** A policy variable. */
export const variable = (inside: string): string => `\${${inside}}`;
