import { contextOfNeed, NEEDS, type Need, type Stage } from '#shared/diagnosis/acquisition-needs';
import type { ContextRecord } from '#shared/policy/context';
import { accountOf, arnOf, type Principal } from '#shared/policy/principal';
import type { Request } from '#shared/policy/request';
import { requestContext } from '#shared/policy/request-context';
import type { Feature } from './catalogue.ts';

/** What a role is tightened for. */
export interface Use {
  readonly principal: Principal;
  readonly features: ReadonlySet<Feature>;
  /** Where the platform acquires. */
  readonly regions: readonly string[];
  /** ARNs of the keys of disks, with their aliases where they are known. */
  readonly keys: readonly { readonly arn: string; readonly aliases: readonly string[] | null }[];
  /** The tag of machines that may be sent commands. */
  readonly tag: { readonly key: string; readonly value: string };
  /** How the aliases of temporary keys begin. */
  readonly temporaryAlias: string;
  /** Patterns of aliases of the keys of disks; none where keys are not picked so. */
  readonly keyAliases: readonly string[];
}

/** A request that a feature makes. */
export interface Path {
  readonly feature: Feature;
  /** What it is for, in a few words. */
  readonly words: string;
  readonly request: Request;
}

interface Asked {
  readonly action: string;
  readonly resource: string;
  readonly context: ContextRecord;
}

export const requestBy = (principal: Principal, { action, resource, context }: Asked): Request => ({
  principal,
  action,
  resource,
  context: requestContext(context, { principal, action, resource }),
});

export const partitionOf = (principal: Principal): string => arnOf(principal).split(':')[1] ?? 'aws';

/** A thing of the own account whose id is made with it. */
const ownArn = ({ principal }: Use, service: string, region: string, rest: string): string =>
  `arn:${partitionOf(principal)}:${service}:${region}:${accountOf(principal) ?? ''}:${rest}`;

/** Every way to a volume takes some of these. */
const TO_A_VOLUME: readonly Stage[] = ['copy-snapshot', 'create-volume', 'attach-volume', 'run-instances'];

export const regionOf = (arn: string): string => arn.split(':')[3] ?? '';

/** What a request for a key carries of its aliases, where they are known. */
const aliasesOf = (aliases: readonly string[] | null): ContextRecord =>
  aliases === null ? {} : { 'kms:ResourceAliases': aliases.length === 0 ? null : aliases };

const ofEncryptedDisks = (use: Use): readonly Path[] =>
  use.keys.flatMap(({ arn, aliases }) =>
    NEEDS.filter(({ stage }) => TO_A_VOLUME.includes(stage)).map((need) => ({
      feature: 'encrypted-disks' as const,
      words: `${need.stage}, on the ${need.key} key`,
      request: requestBy(use.principal, {
        action: need.action,
        resource: arn,
        context: { ...aliasesOf(aliases), ...contextOfNeed(need, regionOf(arn)) },
      }),
    })),
  );

const TEMPORARY_ID = '00000000-0000-4000-8000-000000000000';
export const temporaryKeyIn = (use: Use, region: string): string => ownArn(use, 'kms', region, `key/${TEMPORARY_ID}`);

/** The temporary key bears its alias from the moment that it has one. */
const BEFORE_ITS_ALIAS: ReadonlySet<string> = new Set(['kms:CreateKey', 'kms:CreateAlias']);

/** https://docs.aws.amazon.com/kms/latest/developerguide/alias-access.html */
const OF_THE_ALIAS_TOO: ReadonlySet<string> = new Set(['kms:CreateAlias', 'kms:DeleteAlias']);
const aliasIn = (use: Use, region: string): string => ownArn(use, 'kms', region, `${use.temporaryAlias}-1`);

const ofDefaultKeyDisks = (use: Use): readonly Path[] =>
  use.regions.flatMap((region) => {
    const key = temporaryKeyIn(use, region);
    const own = { 'kms:ResourceAliases': [`${use.temporaryAlias}-1`] };
    const asked = (need: Need, words: string, resource: string): Path => ({
      feature: 'default-key-disks',
      words: `${need.stage}, ${words} in ${region}`,
      request: requestBy(use.principal, {
        action: need.action,
        resource,
        context: {
          ...(BEFORE_ITS_ALIAS.has(need.action) ? { 'kms:ResourceAliases': null } : own),
          ...contextOfNeed(need, region),
        },
      }),
    });
    return NEEDS.filter(
      ({ stage, key }) => key === 'temporary' || key === 'none' || TO_A_VOLUME.includes(stage),
    ).flatMap((need) => [
      asked(need, 'with a temporary key', need.key === 'none' ? '*' : key),
      ...(OF_THE_ALIAS_TOO.has(need.action) ? [asked(need, 'with its alias', aliasIn(use, region))] : []),
    ]);
  });

const SERVICE = 'mrk.kms.amazonaws.com';
const ofFirstDefaultKey = (use: Use): readonly Path[] => {
  const role = `role/aws-service-role/${SERVICE}/AWSServiceRoleForKeyManagementServiceMultiRegionKeys`;
  const asked = {
    action: 'iam:CreateServiceLinkedRole',
    resource: ownArn(use, 'iam', '', role),
    context: { 'iam:AWSServiceName': SERVICE },
  };
  return [
    {
      feature: 'first-default-key',
      words: 'the service-linked role of multi-Region keys',
      request: requestBy(use.principal, asked),
    },
  ];
};

export const DOCUMENTS = ['AWS-RunShellScript', 'AWS-RunPowerShellScript'];
const INSTANCE = 'instance/i-00000000000000000';

export const instanceIn = (use: Use, region: string): string => ownArn(use, 'ec2', region, INSTANCE);

/** The tags of a machine, under both names that policies know. */
export const tagged = (key: string, value: string | null): ContextRecord => ({
  [`ssm:resourceTag/${key}`]: value,
  [`aws:ResourceTag/${key}`]: value,
});

export const documentIn = (use: Use, region: string, name: string): string =>
  `arn:${partitionOf(use.principal)}:ssm:${region}::document/${name}`;

const ofCommands =
  (feature: Feature) =>
  (use: Use): readonly Path[] =>
    use.regions.flatMap((region) => {
      const asked = (resource: string, words: string, context: ContextRecord): Path => ({
        feature,
        words: `${words} in ${region}`,
        request: requestBy(use.principal, { action: 'ssm:SendCommand', resource, context }),
      });
      const { key, value } = use.tag;
      return [
        asked(instanceIn(use, region), `a command to a machine with the tag ${key}`, tagged(key, value)),
        ...DOCUMENTS.map((name) => asked(documentIn(use, region, name), `the document ${name}`, {})),
      ];
    });

/** The features whose requests are known one by one. */
const PATHS: Readonly<Partial<Record<Feature, (use: Use) => readonly Path[]>>> = {
  'encrypted-disks': ofEncryptedDisks,
  'default-key-disks': ofDefaultKeyDisks,
  'first-default-key': ofFirstDefaultKey,
  triage: ofCommands('triage'),
  memory: ofCommands('memory'),
};

/** Whether requests of a feature are simulated; the statements of others are kept whole, or left out whole. */
export const hasPaths = (feature: Feature): boolean => Object.hasOwn(PATHS, feature);

/** All that the features in use ask, each request once for a feature. */
export const pathsOf = (use: Use): readonly Path[] => {
  const all = [...use.features].flatMap((feature) => PATHS[feature]?.(use) ?? []);
  return [
    ...new Map(
      all.map((path) => [`${path.feature} ${path.words} ${path.request.action} ${path.request.resource}`, path]),
    ).values(),
  ];
};
