import { isGlob, kmsActionNames, matching } from '#shared/policy/lint/action-patterns';
import { textsIn, type Written } from '#shared/policy/lint/subject';
import { ALWAYS, type Feature, featuresServedBy } from './catalogue.ts';
import { DOCUMENTS, hasPaths, type Path, partitionOf, type Use } from './paths.ts';

/**
 * Narrower statements. INVARIANT: what takes a statement's place allows less or the same: fewer actions, fewer resources,
 * or its own conditions and more. A statement that denies, or says what it does not mean, is never touched.
 */

export type Change =
  | 'feature-removed'
  | 'commands-by-tag'
  | 'use-through-service'
  | 'grants-for-aws-resources'
  | 'temporary-keys-by-alias'
  | 'actions-in-use';

interface Narrowed {
  readonly becomes: readonly Written[];
  readonly changes: readonly Change[];
}

const isObject = (value: unknown): value is Written =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const keysAsked = (statement: Written): readonly string[] =>
  Object.values(isObject(statement.Condition) ? statement.Condition : {}).flatMap((keys) =>
    Object.keys(isObject(keys) ? keys : {}).map((key) => key.toLowerCase()),
  );

/** With one condition more; a key that the statement asks for already stays as it is. */
const withCondition = (statement: Written, operator: string, key: string, value: unknown): Written => {
  if (keysAsked(statement).includes(key.toLowerCase())) return statement;
  const condition = isObject(statement.Condition) ? statement.Condition : {};
  const lines = isObject(condition[operator]) ? condition[operator] : {};
  return { ...statement, Condition: { ...condition, [operator]: { ...lines, [key]: value } } };
};

const alone = <T>(list: readonly T[]): T | readonly T[] => (list.length === 1 ? (list[0] ?? list) : list);

const throughEc2 = (statement: Written, { regions }: Use): Written =>
  withCondition(
    statement,
    'StringEquals',
    'kms:ViaService',
    alone(regions.map((region) => `ec2.${region}.amazonaws.com`)),
  );

const withLine = (condition: Written, operator: string, patterns: readonly string[]): Written => ({
  ...condition,
  [operator]: { ...(isObject(condition[operator]) ? condition[operator] : {}), 'kms:ResourceAliases': patterns },
});

const isPickedByAlias = (statement: Written): boolean => keysAsked(statement).includes('kms:resourcealiases');

/** Keys that bear one of these aliases, and that of temporary keys where those are used. */
const byAlias = (statement: Written, { keyAliases, features, temporaryAlias }: Use): Written => {
  if (keyAliases.length === 0 || isPickedByAlias(statement)) return statement;
  const patterns = [...keyAliases, ...(features.has('default-key-disks') ? [`${temporaryAlias}*`] : [])];
  const condition = isObject(statement.Condition) ? statement.Condition : {};
  return { ...statement, Condition: withLine(condition, 'ForAnyValue:StringLike', patterns) };
};

/** Keys that bear such aliases and no other. ForAllValues alone would hold for a key without any alias. */
const temporaryKeys = (statement: Written, { temporaryAlias }: Use): Written => {
  if (isPickedByAlias(statement)) return statement;
  const patterns = [`${temporaryAlias}*`];
  const condition = isObject(statement.Condition) ? statement.Condition : {};
  const all = withLine(condition, 'ForAllValues:StringLike', patterns);
  return { ...statement, Condition: withLine(all, 'ForAnyValue:StringLike', patterns) };
};

type Part = 'rest' | 'use' | 'grant' | 'temporary' | 'command';

const USE = /^kms:(?:Decrypt|Encrypt|GenerateDataKey(?:Pair)?(?:WithoutPlaintext)?|ReEncrypt(?:From|To))$/;
const TEMPORARY = /^kms:(?:DeleteAlias|ReplicateKey|ScheduleKeyDeletion)$/;

const partOfAction = (action: string): Part => {
  if (action === 'kms:CreateGrant') return 'grant';
  return USE.test(action) ? 'use' : TEMPORARY.test(action) ? 'temporary' : 'rest';
};

const KMS_NAMES = kmsActionNames('kms') ?? [];

/**
 * The patterns that take the place of one: itself, or where it takes in several parts the actions that are asked. One of
 * which no request is known is left as it is.
 */
const patternsFor = (pattern: string, asked: readonly string[]): readonly string[] => {
  if (!/^kms:/i.test(pattern) || !isGlob(pattern)) return [pattern];
  const parts = new Set(matching(pattern, KMS_NAMES).map(partOfAction));
  const used = matching(pattern, asked);
  return parts.size > 1 && used.length > 0 ? used : [pattern];
};

const partOf = (pattern: string): Part => {
  if (pattern.toLowerCase() === 'ssm:sendcommand') return 'command';
  if (!/^kms:/i.test(pattern)) return 'rest';
  const [part = 'rest', ...others] = new Set(matching(pattern, KMS_NAMES).map(partOfAction));
  return others.length > 0 ? 'rest' : part;
};

/** What stands for one part of a statement, with what is added to its Sid. */
interface Piece {
  readonly suffix: string;
  readonly statement: Written;
}

const isOfInstances = (resource: string): boolean => /:ec2:.*:instance\//.test(resource);

/** The resources of a statement, parted; in place of `*` stand those that a command can have. */
const commandResources = (statement: Written, { principal }: Use) => {
  const partition = partitionOf(principal);
  const resources = textsIn(statement.Resource).flatMap((resource) =>
    resource === '*'
      ? [`arn:${partition}:ec2:*:*:instance/*`, ...DOCUMENTS.map((name) => `arn:${partition}:ssm:*::document/${name}`)]
      : [resource],
  );
  return {
    instances: resources.filter(isOfInstances),
    others: resources.filter((resource) => !isOfInstances(resource)),
  };
};

const commands = (statement: Written, use: Use): readonly Piece[] => {
  const isTagged = keysAsked(statement).some((asked) => /^(?:ssm|aws):resourcetag\//.test(asked));
  if (isTagged) return [{ suffix: 'Tagged', statement }];
  const { instances, others } = commandResources(statement, use);
  const { key, value } = use.tag;
  return [
    ...(instances.length > 0
      ? [
          {
            suffix: 'Tagged',
            statement: withCondition(
              { ...statement, Resource: alone(instances) },
              'StringEquals',
              `ssm:resourceTag/${key}`,
              value,
            ),
          },
        ]
      : []),
    ...(others.length > 0 ? [{ suffix: 'Run', statement: { ...statement, Resource: alone(others) } }] : []),
  ];
};

const one =
  (suffix: string, narrower: (statement: Written, use: Use) => Written) =>
  (statement: Written, use: Use): readonly Piece[] => [{ suffix, statement: narrower(statement, use) }];

const forAwsResources = (statement: Written): Written =>
  withCondition(statement, 'Bool', 'kms:GrantIsForAWSResource', 'true');

const NARROWER: Readonly<Record<Part, (statement: Written, use: Use) => readonly Piece[]>> = {
  rest: one('', (statement) => statement),
  use: one('ThroughEC2', (statement, use) => byAlias(throughEc2(statement, use), use)),
  grant: one('ForAWSResources', (statement, use) => byAlias(throughEc2(forAwsResources(statement), use), use)),
  temporary: one('OnTemporaryKeys', temporaryKeys),
  command: commands,
};

const CHANGES: Readonly<Record<Part, Change | null>> = {
  rest: null,
  use: 'use-through-service',
  grant: 'grants-for-aws-resources',
  temporary: 'temporary-keys-by-alias',
  command: 'commands-by-tag',
};

const ORDER: readonly Part[] = ['rest', 'use', 'grant', 'temporary', 'command'];

/** The first of the pieces keeps the Sid, and the others bear it with what they are for. */
const withSids = (pieces: readonly Piece[], sid: unknown): readonly Written[] =>
  pieces.map(({ suffix, statement }, index) =>
    typeof sid !== 'string' || sid === '' || index === 0 ? statement : { ...statement, Sid: `${sid}${suffix}` },
  );

/** An action element as it was written: a text stays one where nothing changed. */
const withActions = (statement: Written, actions: readonly string[]): Written => ({
  ...statement,
  Action: alone(actions),
});

const parted = (statement: Written, use: Use, asked: readonly string[]): Narrowed | null => {
  const written = [...new Set(textsIn(statement.Action))];
  const patterns = [...new Set(written.flatMap((pattern) => patternsFor(pattern, asked)))];
  const changes = new Set<Change>(patterns.join() === written.join() ? [] : ['actions-in-use']);
  const pieces = ORDER.flatMap((part) => {
    const actions = patterns.filter((pattern) => partOf(pattern) === part);
    if (actions.length === 0) return [];
    const whole = withActions(statement, actions);
    const narrower = NARROWER[part](whole, use);
    const change = CHANGES[part];
    if (change !== null && JSON.stringify(narrower.map((piece) => piece.statement)) !== JSON.stringify([whole]))
      changes.add(change);
    return narrower;
  });
  return changes.size === 0 ? null : { becomes: withSids(pieces, statement.Sid), changes: [...changes] };
};

/** What is published for a feature, and no simulated request asks. */
const PUBLISHED: Readonly<Partial<Record<Feature, readonly string[]>>> = {
  'encrypted-disks': ['kms:Encrypt', 'kms:GenerateDataKey'],
  'default-key-disks': ['kms:Encrypt', 'kms:GenerateDataKey', 'kms:ListAliases'],
};

const askedBy = (use: Use, paths: readonly Path[]): readonly string[] => {
  const published = [...use.features].flatMap((feature) => PUBLISHED[feature] ?? []);
  return [...new Set([...paths.map(({ request }) => request.action), ...published])].sort();
};

const isUsed = (feature: Feature, use: Use): boolean => feature === ALWAYS || use.features.has(feature);

/** What is left of a statement for other features: the actions that are asked by name, and none that is not. */
const onlyAsked = (statement: Written, use: Use, paths: readonly Path[]): readonly Narrowed[] => {
  const asked = [...new Set(paths.map(({ request }) => request.action))].sort();
  const actions = [...new Set(textsIn(statement.Action).flatMap((pattern) => matching(pattern, asked)))];
  if (actions.length === 0 || statement.Resource === undefined) return [];
  const rest = withActions(statement, actions);
  const { becomes, changes } = parted(rest, use, asked) ?? { becomes: [rest], changes: [] };
  return [{ becomes, changes: ['actions-in-use', ...changes] }];
};

/**
 * What may take the place of a statement, the narrowest first; none where it stays. A statement for features that are not
 * in use goes as a whole, or where another feature lives by it too, but for what that one asks.
 */
export const narrowed = (statement: Written, use: Use, paths: readonly Path[]): readonly Narrowed[] => {
  if (statement.Effect !== 'Allow') return [];
  const served = featuresServedBy(statement);
  const used = served?.filter((feature) => isUsed(feature, use));
  if (used?.length === 0) return [{ becomes: [], changes: ['feature-removed'] }, ...onlyAsked(statement, use, paths)];
  // What a feature asks that is not simulated, nothing here can prove.
  if (used?.some((feature) => !hasPaths(feature))) return [];
  if (statement.Action === undefined || statement.Resource === undefined) return [];
  // What an administrator may do is not told by what one platform asks.
  if (textsIn(statement.Action).includes('*')) return [];
  const narrower = parted(statement, use, askedBy(use, paths));
  return narrower === null ? [] : [narrower];
};
