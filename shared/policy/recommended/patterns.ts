import type { SubjectKind } from '../lint/subject.ts';
import {
  administration,
  commandsToTagged,
  defaultKeyImport,
  everyoneThroughEc2,
  oneTimePermission,
  pairForRoles,
  pairOnKeys,
  partitionOf,
  type StatementText,
  useByApplication,
  useThroughEc2,
} from './statements.ts';

/** What recommended policies are made with; which of it a pattern needs, its row says. */
export interface Parameters {
  /** Of the key, or of the platform. */
  readonly account: string;
  /** ARNs of roles. */
  readonly roles: readonly string[];
  readonly regions: readonly string[];
  /** The account of the instances, and the role with which the platform comes there. */
  readonly targetAccount: string;
  readonly targetRole: string;
  /** ARN of the key; `null` for every key of the target account in the Regions. */
  readonly key: string | null;
  readonly tag: { readonly key: string; readonly value: string };
  /** How the aliases of temporary keys begin. */
  readonly alias: string;
  /** Whether a key was never made for a hand-over. */
  readonly isFirstTime: boolean;
}
export type Parameter = keyof Parameters;

/** One policy, and where it belongs. */
export interface Recommended {
  readonly kind: SubjectKind;
  /** To what it is attached, in words. */
  readonly attachTo: string;
  readonly document: { readonly Version: '2012-10-17'; readonly Statement: readonly StatementText[] };
}

interface Row {
  readonly title: string;
  readonly needs: readonly Parameter[];
  /** What it takes besides, and has a default for. */
  readonly takes: readonly Parameter[];
  readonly policies: (parameters: Parameters) => readonly Recommended[];
}

const ofKey = (account: string, region: string | undefined, statements: readonly StatementText[]): Recommended => ({
  kind: 'key-policy',
  attachTo: `the key, in account ${account}`,
  document: { Version: '2012-10-17', Statement: [administration(account, region), ...statements] },
});

const ofRole = (role: string, statements: readonly StatementText[]): Recommended => ({
  kind: 'identity-policy',
  attachTo: role,
  document: { Version: '2012-10-17', Statement: statements },
});

const PLATFORM_ROLE = 'the response role, in the account of the platform';

const keysOf = ({ key, targetAccount, regions }: Parameters): readonly string[] =>
  key === null ? regions.map((region) => `arn:${partitionOf(region)}:kms:${region}:${targetAccount}:key/*`) : [key];

/** The recommended policies. docs/policies.md says what each is for. */
export const PATTERNS = {
  'default-key': {
    title: "as AWS's own key for EBS: everyone of the account, through EC2 of the Region",
    needs: ['account', 'regions'],
    takes: [],
    policies: ({ account, regions }) => [
      ofKey(
        account,
        regions[0],
        regions.slice(0, 1).map((region) => everyoneThroughEc2(account, region)),
      ),
    ],
  },
  'custom-key': {
    title: 'a customer key for the response role, with grants for AWS resources only',
    needs: ['roles'],
    takes: ['account', 'regions'],
    policies: ({ account, roles, regions }) => [ofKey(account, regions[0], pairForRoles(roles, regions))],
  },
  'cross-account-customer-key': {
    title: "a customer key of another account: the key's policy, and the response role's",
    needs: ['roles', 'targetAccount', 'regions'],
    takes: ['targetRole', 'key'],
    policies: (parameters) => {
      const { roles, targetAccount, targetRole, regions } = parameters;
      return [
        ofKey(targetAccount, regions[0], pairForRoles([...roles, targetRole], regions)),
        ...roles.map((role) => ofRole(role, pairOnKeys(keysOf(parameters), regions))),
      ];
    },
  },
  'cross-account-default-key': {
    title: 'volumes of another account under a default key, re-encrypted for the hand-over',
    needs: [],
    takes: ['regions', 'alias', 'isFirstTime'],
    policies: ({ regions, alias, isFirstTime }) => [
      ofRole(PLATFORM_ROLE, [
        ...defaultKeyImport(regions, alias),
        ...(isFirstTime ? [oneTimePermission(regions[0])] : []),
      ]),
    ],
  },
  'service-key': {
    title: 'a key that one application uses and administrators do not',
    needs: ['roles'],
    takes: ['account'],
    policies: ({ account, roles }) => [ofKey(account, undefined, [useByApplication(roles)])],
  },
  'ebs-key': {
    title: 'a key for volumes: use is left to IAM, through EC2 only',
    needs: ['account', 'regions'],
    takes: [],
    policies: ({ account, regions }) => [ofKey(account, regions[0], useThroughEc2(account, regions))],
  },
  'ssm-tagged': {
    title: 'commands by Systems Manager, to machines that carry a tag',
    needs: [],
    takes: ['tag', 'regions'],
    policies: ({ tag, regions }) => [ofRole(PLATFORM_ROLE, commandsToTagged(tag, regions))],
  },
} as const satisfies Record<string, Row>;
export type Pattern = keyof typeof PATTERNS;

export const isPattern = (text: string): text is Pattern => Object.hasOwn(PATTERNS, text);

/** What a pattern is about. */
export const rowOf = (pattern: Pattern): Row => PATTERNS[pattern];

/**
 * The policies of a pattern.
 * @example
 * recommended('ebs-key', { …, account: '111122223333', regions: ['eu-west-3'] })
 * // [{ kind: 'key-policy', attachTo: 'the key, in account 111122223333', document: { Version: '2012-10-17', … } }]
 */
export const recommended = (pattern: Pattern, parameters: Parameters): readonly Recommended[] =>
  rowOf(pattern).policies(parameters);
