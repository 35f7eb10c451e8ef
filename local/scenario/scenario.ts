import { z } from 'zod';

/** A scenario file: accounts, roles, keys, instances, and what the platform does. `docs/scenarios.md` explains each field. */
const AccountId = z.string().regex(/^\d{12}$/, 'expected an account id of 12 digits');
const Region = z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'expected a Region such as `eu-west-3`');
const Name = z.string().regex(/^[\w.-]{1,64}$/, 'expected a name of letters, digits, `_`, `.` and `-`');
const RoleName = z.string().regex(/^[\w+=,.@-]{1,64}$/, 'expected the name of an IAM role');

const PolicyDocument = z.looseObject({ Version: z.string().optional(), Statement: z.array(z.unknown()).min(1) });
const NamedPolicy = z.strictObject({ name: Name, document: PolicyDocument });
const OrganizationLevel = z.strictObject({ target: z.string().min(1), policies: z.array(NamedPolicy) });

/** Named by its ARN, a managed policy that is attached; else an inline one. */
const RolePolicy = z.strictObject({
  name: z
    .string()
    .regex(
      /^([\w.-]{1,64}|arn:aws:iam::(aws|\d{12}):policy\/[\w+=,.@/-]{1,512})$/,
      'expected a name of letters, digits, `_`, `.` and `-`, or the ARN of a managed policy',
    ),
  document: PolicyDocument,
});

const Role = z.strictObject({
  accountId: AccountId,
  name: RoleName,
  identityPolicies: z.array(RolePolicy),
  permissionsBoundary: PolicyDocument.nullable().default(null),
});

const Key = z.strictObject({
  name: Name,
  accountId: AccountId,
  region: Region,
  /** Where a parameter is to name it; else one is made up. */
  keyId: z.uuid().optional(),
  manager: z.enum(['CUSTOMER', 'AWS']).default('CUSTOMER'),
  state: z.enum(['Enabled', 'Disabled', 'PendingDeletion', 'PendingImport', 'Unavailable']).default('Enabled'),
  aliases: z
    .array(z.string().regex(/^alias\/[\w/-]{1,250}$/, 'expected an alias such as `alias/evidence`'))
    .default([]),
  /** Volumes are under it, and it is gone. */
  deleted: z.boolean().optional(),
  policy: PolicyDocument,
});

const Trail = z.strictObject({
  accountId: AccountId,
  region: Region,
  name: Name,
  isLogging: z.boolean().default(true),
  readWriteType: z.enum(['All', 'ReadOnly', 'WriteOnly']).default('All'),
  /** Services whose management events it leaves out, such as `kms.amazonaws.com`. */
  excluded: z.array(z.string()).default([]),
});

/** The key that EBS makes in each account and Region. */
export const DEFAULT_KEY = 'aws/ebs';

const Volume = z.strictObject({
  device: z.string().min(1).max(64),
  sizeGiB: z.int().min(1).max(16_384),
  /** Name of a key above, or that of the account's own key for EBS; `null`: not encrypted. */
  key: z.union([Name, z.literal(DEFAULT_KEY)]).nullable(),
});

const Instance = z.strictObject({
  name: Name,
  /** Where an event is to name it; else one is made up. */
  instanceId: z
    .string()
    .regex(/^i-[0-9a-f]{17}$/, 'expected an instance id such as `i-0123456789abcdef0`')
    .optional(),
  accountId: AccountId,
  region: Region,
  platform: z.enum(['linux', 'windows']),
  state: z.enum(['running', 'stopped']).default('running'),
  tags: z.record(z.string().max(128), z.string().max(256)).default({}),
  privateIp: z.ipv4().nullable().default(null),
  agent: z.enum(['Online', 'ConnectionLost', 'Inactive']).nullable(),
  volumes: z.array(Volume).min(1),
  files: z.record(z.string().min(1), z.string()).default({}),
});

const By = z.strictObject({ accountId: AccountId, role: RoleName, session: Name });

/** One thing the platform does. `as` names what it makes, for the steps after it. */
const Step = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('CreateSnapshot'), by: By, instance: Name, device: z.string(), as: Name }),
  z.strictObject({ do: z.literal('CreateSnapshots'), by: By, instance: Name, as: Name }),
  z.strictObject({ do: z.literal('ShareSnapshot'), by: By, snapshot: Name, with: AccountId }),
  z.strictObject({ do: z.literal('CopySnapshot'), by: By, snapshot: Name, key: Name, as: Name }),
  z.strictObject({ do: z.literal('CreateVolume'), by: By, snapshot: Name, key: Name.nullable(), as: Name }),
  /** Copies what another account shared with the role's own and it has not copied yet. */
  z.strictObject({ do: z.literal('CopyShared'), by: By, key: Name, as: Name }),
  /** A temporary key, and the accounts that may use it. Until it is made, its name stands for nothing. */
  z.strictObject({
    do: z.literal('CreateKey'),
    by: By,
    multiRegion: z.boolean().default(false),
    usableBy: z.array(AccountId).default([]),
    as: Name,
  }),
  z.strictObject({
    do: z.literal('CreateAlias'),
    by: By,
    key: Name,
    alias: z.string().regex(/^alias\/[\w/-]{1,250}$/, 'expected an alias such as `alias/evidence`'),
  }),
  z.strictObject({ do: z.literal('ScheduleKeyDeletion'), by: By, key: Name }),
  /** A person starts a function, and waits for its end. */
  z.strictObject({ do: z.literal('by-hand'), function: Name, event: z.record(z.string(), z.unknown()) }),
  /** The clock starts a function that the template lets run by it. */
  z.strictObject({ do: z.literal('clock'), function: Name }),
  z.strictObject({ do: z.literal('wait'), seconds: z.number().min(0).max(86_400) }),
  /** Asks the function `readiness` by hand; `request` is as in `events/by-hand`, an instance may be named. */
  z.strictObject({
    do: z.literal('Readiness'),
    instance: Name.optional(),
    request: z.record(z.string(), z.unknown()).default({}),
  }),
  /** Really tries to acquire instances, all of them where none is named, step by step as the platform does. */
  z.strictObject({
    do: z.literal('TryAll'),
    platformRole: z.strictObject({ accountId: AccountId, role: RoleName }),
    ownerRole: RoleName,
    key: Name,
    worker: Name,
    instances: z.array(Name).optional(),
    except: z.array(Name).default([]),
    sessionPolicy: PolicyDocument.nullable().default(null),
    /** Of the VPC endpoint through which the platform calls KMS. */
    endpointPolicy: PolicyDocument.nullable().default(null),
  }),
  /** GuardDuty reports a machine. */
  z.strictObject({
    do: z.literal('Finding'),
    instance: Name,
    type: z.string().min(1).max(128),
    severity: z.number().min(1).max(10),
    /** Of the finding: the same again is the same finding, later. */
    id: z.string().min(1).max(64),
    sample: z.boolean().default(false),
    archived: z.boolean().default(false),
    /** The account in whose bus it appears; default: the machine's own. */
    account: AccountId.optional(),
  }),
]);
export type Step = z.infer<typeof Step>;

/** A step that a role of the platform takes, call by call. */
export type PlatformStep = Extract<Step, { by: unknown }>;

export const Scenario = z.strictObject({
  name: Name,
  about: z.string().max(1_000),
  /** Where Unlatch runs. */
  unlatch: z.strictObject({ accountId: AccountId, region: Region }),
  /** Accounts in which Unlatch has its member role. */
  members: z.array(AccountId).default([]),
  organization: z
    .record(
      AccountId,
      z.strictObject({
        serviceControlPolicies: z.array(OrganizationLevel).default([]),
        resourceControlPolicies: z.array(OrganizationLevel).default([]),
      }),
    )
    .default({}),
  /** Where EBS encrypts whatever is made, asked for or not. */
  encryptionByDefault: z.array(z.strictObject({ accountId: AccountId, region: Region })).default([]),
  /** Accounts to which AWS shows the organisation's policies. */
  delegatedAdministrators: z.array(AccountId).default([]),
  trails: z.array(Trail).default([]),
  parameters: z.record(z.string(), z.string()).default({}),
  roles: z.array(Role).min(1),
  keys: z.array(Key).default([]),
  instances: z.array(Instance).min(1),
  acquisition: z.array(Step).min(1),
});
export type Scenario = z.infer<typeof Scenario>;

/** The scenarios that come with the project. */
export const SCENARIOS = [
  'custom-key-denied',
  'copy-denied',
  'windows-untagged',
  'boundary-denied',
  'unencrypted-copy',
  'unencrypted-copy-in-guest',
  'encryption-by-default',
  'first-success',
  'default-key-cross-account',
  'default-key-cross-region',
  'customer-key-cross-account',
  'finding-before-acquisition',
  'readiness',
] as const;
