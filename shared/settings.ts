import * as z from 'zod';

const minutes = (fallback: number, most: number) => z.coerce.number().int().min(1).max(most).default(fallback);

const parts = (text: string): string[] => text.split(',').flatMap((part) => part.trim() || []);

const list = z.string().default('').transform(parts);

/** A list of which each part must be of a kind. */
const listOf = (kind: RegExp, expected: string) =>
  list.refine((parts) => parts.every((part) => kind.test(part)), expected);

const flag = (fallback: 'true' | 'false' = 'false') =>
  z
    .enum(['true', 'false'])
    .default(fallback)
    .transform((text) => text === 'true');

/**
 * What an operator decides, read once from the environment that `template.yaml` sets.
 * Times are minutes unless the name says otherwise.
 */
const Settings = z.object({
  /** Role names of the platform, `*` for any run of characters. */
  RESPONSE_ROLE: z.string().min(1).default('*CadoResponse*'),
  /** Role names of Unlatch itself: what they do is no signal. */
  OWN_ROLES: list,
  PARTITION: z
    .string()
    .regex(/^aws[a-z-]*$/)
    .default('aws'),
  /** The account Unlatch runs in: there it works with its own role, elsewhere with `MEMBER_ROLE`. */
  ACCOUNT_ID: z.string().regex(/^\d{12}$/),
  AWS_REGION: z.string().min(1),
  MEMBER_ROLE: z.string().default('UnlatchMember'),
  EXTERNAL_ID: z.string().default(''),
  LEDGER_TABLE: z.string().min(1),
  REMEDIATE_FUNCTION: z.string().default(''),
  EVIDENCE_BUCKET: z.string().default(''),
  TOPIC_ARN: z.string().default(''),
  /** ARN of an alias of `retire-permission`; empty: nobody retires anything. */
  RETIRE_FUNCTION: z.string().default(''),
  /** Whether a permission that has come back is taken again. */
  RETIRE_AGAIN: flag(),
  /** Whether customer managed policies that others have are edited, too. */
  EDIT_SHARED_POLICIES: flag(),
  /** Names of the customer managed policies that may be edited, `*` for any run of characters. */
  POLICY_PATTERN: z.string().min(1).default('*CadoResponse*'),
  /** ARN of a version of `copy-blocks`. */
  COPY_FUNCTION: z.string().default(''),
  /** Whether evidence may be copied to where no key protects it. */
  ALLOW_UNENCRYPTED_COPY: flag(),
  /** A customer key of Unlatch's account, for copies that are not to be, or cannot be, unencrypted. */
  EVIDENCE_KEY_ARN: z.string().default(''),
  /** Whether a person must agree before a copy is made. */
  REQUIRE_APPROVAL: flag(),
  /** How long a person has for it; no answer is a no. */
  APPROVAL_WAIT: minutes(240, 10_080),
  /** The account with which copies are shared; empty: it is Unlatch's own. */
  PLATFORM_ACCOUNT: z
    .string()
    .regex(/^(\d{12})?$/)
    .default(''),
  /** Whether nothing is changed but what tells of it: refusals are explained, and what would be done is reported. */
  DRY_RUN: flag('true'),
  /** The Region in which the platform reads; empty: Unlatch's own. */
  PLATFORM_REGION: z
    .string()
    .regex(/^([a-z]{2}(-[a-z]+)+-\d)?$/)
    .default(''),
  /** Whether disks may be copied under keys that are not the refused one; such copies stay encrypted. */
  RE_ENCRYPT: flag('true'),
  /** Begins the alias of a temporary key: as the platform names its own, so that its permissions fit. */
  KEY_ALIAS_PREFIX: z
    .string()
    .regex(/^alias\/(?!aws\/)[\w/-]{1,128}$/)
    .default('alias/CadoResponse-KMS-Alias'),
  /** Accounts that are looked through beside Unlatch's own. */
  SCOPE_ACCOUNTS: listOf(/^\d{12}$/, 'expected account ids of 12 digits, with commas between'),
  /** Regions that are looked through; empty: Unlatch's own. */
  SCOPE_REGIONS: listOf(/^[a-z]{2}[a-z0-9-]{2,30}$/, 'expected Regions such as `eu-west-3`, with commas between'),
  /** Whether temporary keys that the platform left behind are ended, or only told of. */
  SWEEP_PLATFORM_KEYS: flag(),
  /** Days after which a temporary key of the platform counts as left behind. */
  PLATFORM_KEY_DAYS: z.coerce.number().int().min(1).max(365).default(7),
  /** Days after which a copy may be swept, by its tag. */
  EVIDENCE_DAYS: z.coerce.number().int().min(1).max(3_650).default(90),
  /** The tag without which no command may be sent to an instance; an empty key means that none is asked for. */
  SSM_TAG_KEY: z.string().max(128).default('CadoResponseSSMEnabled'),
  SSM_TAG_VALUE: z.string().max(256).default('True'),
  MEMORY_TOOL_LINUX: z.string().max(1_024).default(''),
  MEMORY_TOOL_WINDOWS: z.string().max(1_024).default(''),
  /** Greatest size of a triage archive, in MiB. S3 takes at most 5 GiB in one upload. */
  ARCHIVE_MEBIBYTES: z.coerce.number().int().min(1).max(5_120).default(4_096),
  /** How long a case waits for the record that joins a refusal with its call. CloudTrail lags by minutes. */
  JOIN_WAIT: minutes(20, 240),
  COMMAND_WAIT: minutes(60, 1_440),
  /** After a case has closed, denials of the same target are absorbed so long. */
  COOL_DOWN: minutes(60, 10_080),
  /** What a finding may set off where KMS would refuse the acquisition: a report, a freeze besides, or the routes too. */
  ON_FINDING: z.enum(['report', 'freeze', 'preserve']).default('report'),
  /** Findings below it are left alone. https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings-severity.html */
  FINDING_SEVERITY: z.coerce.number().min(1).max(10).default(7),
  /** Types of findings, `*` for any run of characters. Empty: all that name an instance. */
  FINDING_TYPES: list,
  /** The key under which the platform makes what it keeps; empty: the one under which EBS encrypts there by default. */
  PLATFORM_KEY_ARN: z.string().default(''),
  /** Whether the platform makes volumes straight from shared snapshots; else it copies those first. */
  OPEN_SHARED: flag(),
  /** Features of the platform that are in use, by the names of the catalogue; empty: nobody has said. */
  FEATURES_IN_USE: listOf(
    /^(platform|health-checks|cross-account|disks|encrypted-disks|default-key-disks|first-default-key|images|preservation|triage|memory|lambda|ecs|eks|isolation|load-balancer|guardduty|error-reporting|organizations)$/,
    'expected names of features, such as `disks,encrypted-disks,triage`',
  ),
  /** The stack's name: its rules begin with it. */
  STACK_NAME: z.string().max(128).default(''),
  LEDGER_DAYS: z.coerce.number().int().min(1).max(365).default(30),
});

export type Settings = z.infer<typeof Settings>;

/** @throws ZodError naming each variable that is missing or out of its bounds. */
export const settingsFrom = (environment: Readonly<Record<string, string | undefined>>): Settings =>
  Settings.parse(environment);
