import fc from 'fast-check';
import { linesOn } from './generated-conditions.ts';
import type { ContextText } from './generated-context.ts';
import { EVERYTHING, type Patterns, type PolicyText, type StatementText, variable } from './policy-text.ts';

/** What is asked, for statements to speak of it. */
export interface Asking {
  readonly principal: string;
  readonly action: string;
  readonly resource: string;
  readonly owner: string;
  readonly context: ContextText;
}

export const weighted = <T>(...choices: readonly (readonly [number, T])[]): fc.Arbitrary<T> =>
  fc.oneof(...choices.map(([weight, value]) => ({ weight, arbitrary: fc.constant(value) })));

const patterns = (negated: boolean, items: readonly string[], most = 2): fc.Arbitrary<Patterns> =>
  fc
    .uniqueArray(fc.constantFrom(...items), { minLength: 1, maxLength: most })
    .map((patterns) => ({ negated, patterns }));

const OTHER_ACTIONS = ['kms:ListKeys', 's3:*', 'iam:Pass*', 'kms:Encryp?', 'KMS:scheduleKeyDeletion', 'kms:*Alias'];

/** Action or NotAction, which takes the asked one in or does not. */
const actionsFor = ({ action }: Asking, takesIn: boolean): fc.Arbitrary<Patterns> => {
  const [service = '', name = ''] = action.split(':');
  const own = [
    action,
    `${service}:*`,
    '*',
    action.toUpperCase(),
    `${service}:${name.slice(0, 4)}*`,
    `${service}:?${name.slice(1)}`,
  ];
  const plain = takesIn ? own : OTHER_ACTIONS;
  const left = takesIn ? OTHER_ACTIONS : own;
  return fc.oneof({ weight: 6, arbitrary: patterns(false, plain) }, { weight: 1, arbitrary: patterns(true, left) });
};

/** Resource or NotResource; those of a key policy are mostly `*`, which means the key. */
const resourcesFor = ({ resource }: Asking, takesIn: boolean): fc.Arbitrary<Patterns> => {
  if (resource === '*') return patterns(!takesIn, ['*'], 1);
  const parts = resource.split(':');
  const [, , service = '', region = '', account = ''] = parts;
  const id = parts.slice(5).join(':');
  const name = id.slice(id.indexOf('/') + 1);
  const kind = id.slice(0, id.indexOf('/'));
  const at = (region: string, account: string, id: string) => `arn:aws:${service}:${region}:${account}:${id}`;
  const own = ['*', '*', resource, at('*', '*', `${kind}/*`), at(region, account, `${kind}/${name.slice(0, 5)}*`)];
  const odd = [
    at(region, account, `${kind}/${variable('aws:PrincipalTag/key')}`),
    `arn:aws:${service}:*:${kind}/*`,
    `arn:aws:${service}:*`,
  ];
  const others = [
    at(region, account, `${kind}/other`),
    at('us-east-1', account, '*'),
    at('*', '555555555555', '*'),
    'arn:aws:s3:::*',
  ];
  const plain = takesIn ? own : others;
  return fc.oneof(
    { weight: 14, arbitrary: patterns(false, plain) },
    { weight: 2, arbitrary: patterns(true, takesIn ? others : own) },
    { weight: 1, arbitrary: patterns(false, odd, 1) },
    { weight: 1, arbitrary: patterns(true, odd, 1) },
  );
};

/** A statement without a principal, mostly to take the request in (`odds` of 100) or not. */
export const statement = (
  asking: Asking,
  effect: StatementText['effect'],
  odds: number,
  most: number,
): fc.Arbitrary<StatementText> =>
  fc.tuple(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 100 })).chain(([first, second]) =>
    fc.record({
      effect: fc.constant(effect),
      actions: actionsFor(asking, first <= odds),
      resources: resourcesFor(asking, second <= odds),
      conditions: linesOn(asking.context, odds, most),
    }),
  );

const versions = weighted<PolicyText['version']>([18, '2012-10-17'], [1, '2008-10-17'], [1, null]);

export const policyOf = (...statements: readonly fc.Arbitrary<readonly StatementText[]>[]): fc.Arbitrary<PolicyText> =>
  fc.record({
    version: versions,
    statements: fc.tuple(...statements).map((lists) => lists.flat()),
  });

export const some = (
  item: fc.Arbitrary<StatementText>,
  minLength: number,
  maxLength: number,
): fc.Arbitrary<readonly StatementText[]> => fc.array(item, { minLength, maxLength });

/** A policy that allows for sure, or by statements that fit, or not; and that may deny. */
export const attached = (asking: Asking): fc.Arbitrary<PolicyText> => {
  const denies = some(statement(asking, 'Deny', 35, 3), 0, 1);
  const fitting = some(statement(asking, 'Allow', 93, 2), 1, 2);
  const any = some(statement(asking, 'Allow', 60, 2), 0, 2);
  return fc.oneof(
    { weight: 7, arbitrary: policyOf(fc.constant([EVERYTHING]), denies) },
    { weight: 5, arbitrary: policyOf(fitting, denies) },
    { weight: 1, arbitrary: policyOf(any, denies) },
  );
};
