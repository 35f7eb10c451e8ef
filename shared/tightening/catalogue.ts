import type { Written } from '#shared/policy/lint/subject';
import { textsIn } from '#shared/policy/lint/subject';

/** What a platform does with its response role. */
export const FEATURES = {
  platform: 'the platform itself: its workers, its storage, its own operation',
  'health-checks': 'checks that the platform is set up safely and can work',
  'cross-account': 'work in other accounts, by roles that it assumes there',
  disks: 'acquisition of the disks of EC2 instances',
  'encrypted-disks': 'disks that are encrypted under a key of the customer, or of the own account',
  'default-key-disks': 'disks of other accounts under the default key, by way of a temporary key',
  'first-default-key': 'the first temporary key: it makes the service-linked role of multi-Region keys',
  images: 'acquisition of machine images',
  preservation: 'copies of what was acquired in S3, with their chain of custody',
  triage: 'collection on a running machine, by Systems Manager',
  memory: 'the memory of a running machine, by Systems Manager',
  lambda: 'acquisition of Lambda functions, their versions and logs',
  ecs: 'acquisition from containers of ECS, by commands run in them',
  eks: 'acquisition from clusters of EKS',
  isolation: 'isolation of a machine as a response',
  'load-balancer': 'updates of a platform behind a load balancer',
  guardduty: 'automation by findings of GuardDuty',
  'error-reporting': 'error logs that are sent to the vendor',
  organizations: 'accounts that are found by AWS Organizations',
} as const satisfies Record<string, string>;
export type Feature = keyof typeof FEATURES;

export const isFeature = (text: string): text is Feature => Object.hasOwn(FEATURES, text);

/** Without it nothing else works, so that it is always in use. */
export const ALWAYS: Feature = 'platform';

/** Which statement of the published policy serves what, by its Sid: the feature for which one of them is enough to keep it. */
const SERVED: Readonly<Record<string, readonly Feature[]>> = {
  Required: ['platform'],
  RequiredForStartup: ['platform'],
  RequiredForStartup2: ['platform'],
  RequiredForEC2ImportAndCorePlatform: ['platform', 'disks'],
  RequiredToAccessCadoS3Bucket: ['platform'],
  RequiredToCheckPolicy: ['health-checks'],
  RequiredForS3Readiness: ['health-checks'],
  RequiredForHealthChecks: ['health-checks'],
  RequiredForCrossAccountAccess: ['cross-account'],
  RequiredForEc2ImportAndAmiImport: ['disks', 'images'],
  RequiredForEc2ImportAndAmiImport2: ['disks', 'images'],
  RequiredForAmiImports: ['images'],
  RequiredForAcquireToS3: ['preservation'],
  RequiredForTriageAndRunCommand: ['triage', 'memory'],
  RequiredForTriageAndRunCommandTagged: ['triage', 'memory'],
  RequiredForTriageAndRunCommandRun: ['triage', 'memory'],
  RequiredForTriageAndRunCommandList: ['triage', 'memory'],
  RequiredForMemoryForensics: ['memory'],
  RequiredForKmsEncryptedEc2Import: ['encrypted-disks', 'default-key-disks'],
  RequiredForCrossAccountDefaultKmsEncryptedEc2Import: ['default-key-disks'],
  RequiredForOperationsOnTemporaryKMSResourcesduringDefaultEncryptedEc2Import: ['default-key-disks'],
  RequiredForFirstTimeKMSDefaultencryptedImportCanBeDeletedAfter: ['first-default-key'],
  RequiredForLambdaImport: ['lambda'],
  RequiredForEcsImport: ['ecs'],
  RequiredForEKSImport: ['eks'],
  RequiredForResponseActionIsolateEc2: ['isolation'],
  RequiredForNativeUpdatesWithALB: ['load-balancer'],
  RequiredForGuardDutyMonitoring: ['guardduty'],
  RequiredForAutomatedErrorReporting: ['error-reporting'],
  RequiredForAWSOrganizationsDiscoverAccounts: ['organizations'],
};

/** Statements that the Sid alone does not tell: the one-time permission is published under more than one. */
const isOneTimePermission = ({ Effect, Action, Resource }: Written): boolean => {
  const actions = textsIn(Action);
  const resources = textsIn(Resource);
  return (
    Effect === 'Allow' &&
    actions.length > 0 &&
    actions.every((action) => action.toLowerCase() === 'iam:createservicelinkedrole') &&
    resources.every((resource) => /:role\/aws-service-role\/(?:mrk\.)?kms\.amazonaws\.com\//.test(resource))
  );
};

/** What a statement serves; `null` where the catalogue does not know it. */
export const featuresServedBy = (statement: Written): readonly Feature[] | null => {
  const { Sid: sid } = statement;
  const served = typeof sid === 'string' && Object.hasOwn(SERVED, sid) ? SERVED[sid] : undefined;
  return served ?? (isOneTimePermission(statement) ? ['first-default-key'] : null);
};

/** The Sids under which statements for a feature are published. */
export const sidsOf = (feature: Feature): readonly string[] =>
  Object.entries(SERVED).flatMap(([sid, features]) => (features.includes(feature) ? [sid] : []));

/** A statement of the role, by the policy in which it stands. */
export interface Standing {
  readonly policy: string;
  readonly statement: number;
  readonly sid: string | null;
}

/** The role's statements beside the features in use. */
export interface Survey {
  /** Features in use for which no published statement is there. The role may have its permissions from others. */
  readonly missing: readonly { readonly feature: Feature; readonly sids: readonly string[] }[];
  /** Statements that allow what no feature in use needs. */
  readonly unused: readonly (Standing & { readonly features: readonly Feature[] })[];
  /** Statements of which the catalogue does not tell what they serve. */
  readonly strange: readonly Standing[];
}

export interface NamedStatements {
  readonly name: string;
  readonly statements: readonly Written[];
}

const standingsIn = (policies: readonly NamedStatements[]) =>
  policies.flatMap(({ name, statements }) =>
    statements.map((statement, index) => ({
      standing: { policy: name, statement: index, sid: typeof statement.Sid === 'string' ? statement.Sid : null },
      allows: statement.Effect === 'Allow',
      features: featuresServedBy(statement),
    })),
  );

/** What is missing for the features in use, and what is there for features that are not. */
export const surveyOf = (policies: readonly NamedStatements[], inUse: ReadonlySet<Feature>): Survey => {
  const all = standingsIn(policies);
  const served = new Set(all.flatMap(({ allows, features }) => (allows ? (features ?? []) : [])));
  const used = Object.keys(FEATURES)
    .filter(isFeature)
    .filter((feature) => feature === ALWAYS || inUse.has(feature));
  return {
    missing: used
      .filter((feature) => !served.has(feature))
      .map((feature) => ({ feature, sids: sidsOf(feature) }))
      .filter(({ sids }) => sids.length > 0),
    unused: all.flatMap(({ standing, allows, features }) =>
      allows && features !== null && !features.some((feature) => used.includes(feature))
        ? [{ ...standing, features }]
        : [],
    ),
    strange: all.flatMap(({ standing, features }) => (features === null ? [standing] : [])),
  };
};
