import { resourcePattern } from '#shared/policy/arn-pattern';
import { globOf } from '#shared/policy/glob';

/**
 * The service-linked roles of KMS, and how a policy's patterns relate to them.
 * https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-auth-slr.html
 */

/** The action that the one-time permission allows, in lower case: actions are not case-sensitive. */
export const CREATE_LINKED_ROLE = 'iam:createservicelinkedrole';

/** The role behind multi-Region keys: KMS makes it with the first one, in the name of whoever makes the key. */
export const LINKED_ROLE = 'AWSServiceRoleForKeyManagementServiceMultiRegionKeys';
export const LINKED_ROLE_SERVICE = 'mrk.kms.amazonaws.com';

export const linkedRoleArn = (partition: string, accountId: string, service: string, name: string): string =>
  `arn:${partition}:iam::${accountId}:role/aws-service-role/${service}/${name}`;

/** The services under which the permission is published. */
export const KMS_SERVICES = ['kms.amazonaws.com', LINKED_ROLE_SERVICE] as const;

/**
 * What a pattern, or a list of them, takes in: roles of KMS alone, of other services alone, of both by name, or whatever
 * its wildcards reach, KMS among it.
 */
export type Scope = 'kms' | 'other' | 'mixed' | 'open';

const SERVICE = /^(?:[a-z0-9-]+\.)*kms\.amazonaws\.com(?:\.cn)?$/;
const ENDING = /kms\.amazonaws\.com(?:\.cn)?$/;
const BEGINNING = /^(?:mrk\.)?kms\.amazonaws\.com/;

/** A policy variable may come to anything. */
const withoutVariables = (text: string): string => text.replace(/\$\{[^}]*\}/g, '*');

const fits = (pattern: string, text: string): boolean => globOf([{ pattern }])(text);

/** Of a service's name, as `iam:AWSServiceName` or the path of the role has it. No other service's name ends in KMS's. */
export const scopeOfService = (written: string): Scope => {
  const pattern = withoutVariables(written).toLowerCase();
  const [first = '', ...rest] = pattern.split(/[*?]/);
  if (rest.length === 0) return SERVICE.test(pattern) ? 'kms' : 'other';
  if (ENDING.test(rest.at(-1) ?? '') || BEGINNING.test(first)) return 'kms';
  return KMS_SERVICES.some((service) => fits(pattern, service)) ? 'open' : 'other';
};

const LINKED_PATH = /^arn:[^:/]*:iam::[^:/]*:role\/aws-service-role\/([^/]*)(?:\/(.*))?$/i;

const PARTITIONS = ['aws', 'aws-cn', 'aws-us-gov'] as const;

/** Role names that a pattern of KMS's path may mean. */
const NAMES = [LINKED_ROLE, 'CadoResponse', 'myCadoResponseRole'] as const;

/** Of an ARN's account where the pattern names one: whose it is does not matter here. */
const accountIn = (pattern: string): string => /^\d{12}$/.exec(pattern.split(':')[4] ?? '')?.[0] ?? '111122223333';

const reachesKms = (pattern: string): boolean => {
  const fitsArn = resourcePattern([{ pattern }]);
  const account = accountIn(pattern);
  return PARTITIONS.some((partition) =>
    KMS_SERVICES.some((service) =>
      NAMES.some((name) => fitsArn(linkedRoleArn(partition, account, service, name)) !== 'no'),
    ),
  );
};

/** Of a role's ARN, as a statement's Resource has it. The name of a service-linked role belongs to one service. */
export const scopeOfRole = (written: string): Scope => {
  const pattern = withoutVariables(written);
  const [, service, name = ''] = LINKED_PATH.exec(pattern) ?? [];
  if (service === undefined) return reachesKms(pattern) ? 'open' : 'other';
  const scope = scopeOfService(service);
  return scope === 'open' && name.startsWith('AWSServiceRoleForKeyManagementService') ? 'kms' : scope;
};

/** Of several patterns, of which one has to fit. */
export const eitherOf = (scopes: readonly Scope[]): Scope => {
  if (scopes.includes('open')) return 'open';
  if (scopes.includes('mixed') || new Set(scopes).size > 1) return 'mixed';
  return scopes[0] ?? 'other';
};

/** What is left where all of several have to fit. */
export const allOf = (scopes: readonly Scope[]): Scope =>
  (['other', 'kms', 'mixed'] as const).find((scope) => scopes.includes(scope)) ?? 'open';
