import type { ContextRecord } from '#shared/policy/context';
import { KEY_ACTIONS, KEYLESS_ACTIONS } from '#shared/policy/lint/action-patterns';
import type { Policy } from '#shared/policy/policy';
import type { Request } from '#shared/policy/request';
import { documentIn, instanceIn, requestBy, tagged, temporaryKeyIn, type Use } from './paths.ts';
import { roleAllows } from './role-allows.ts';

/** What is no longer allowed, by the way in which it is asked. */
export interface Loss {
  readonly way: string;
  readonly actions: readonly string[];
}

const IN_NO_WAY = 'in no way any more';

interface Probe {
  readonly way: string;
  readonly request: Request;
}

/** Ways of asking a key that are told apart. */
const waysOf = (
  use: Use,
  aliases: readonly string[] = ['alias/another'],
): readonly { readonly way: string; readonly context: ContextRecord }[] => {
  const elsewhere = ['us-east-1', 'eu-west-1'].find((region) => !use.regions.includes(region)) ?? 'ap-south-1';
  const [region = elsewhere] = use.regions;
  const other = { 'kms:ResourceAliases': aliases.length === 0 ? null : aliases };
  return [
    { way: 'of a key, called directly', context: { ...other, 'kms:ViaService': null } },
    {
      way: 'of a key, through EC2 of another Region',
      context: { ...other, 'kms:ViaService': `ec2.${elsewhere}.amazonaws.com` },
    },
    {
      way: 'of a key, through another service',
      context: { ...other, 'kms:ViaService': `rds.${region}.amazonaws.com` },
    },
    { way: 'of a key, through EC2', context: { ...other, 'kms:ViaService': `ec2.${region}.amazonaws.com` } },
  ];
};

/** Keys of disks that are asked one by one: a statement may name them. */
const MOST_KEYS = 20;

const probesOf = (use: Use): readonly Probe[] => {
  const probed = (way: string, actions: readonly string[], resource: string, context: ContextRecord) =>
    actions.map((action): Probe => ({ way, request: requestBy(use.principal, { action, resource, context }) }));
  const ofTemporaryKeys = use.regions.slice(0, 1).flatMap((region) => {
    const resource = temporaryKeyIn(use, region);
    const context = { 'kms:ResourceAliases': [`${use.temporaryAlias}-1`], 'kms:ViaService': null };
    return [
      ...waysOf(use).flatMap((asked) => probed(asked.way, KEY_ACTIONS, resource, asked.context)),
      ...probed('of a temporary key, called directly', KEY_ACTIONS, resource, context),
    ];
  });
  const ofNamedKeys = use.keys
    .slice(0, MOST_KEYS)
    .flatMap(({ arn, aliases }) =>
      waysOf(use, aliases ?? undefined).flatMap(({ way, context }) => probed(way, KEY_ACTIONS, arn, context)),
    );
  const ofNoKey = probed('of no key', KEYLESS_ACTIONS, '*', { 'kms:ViaService': null });
  const commands = use.regions.slice(0, 1).flatMap((region) => {
    const asked = (way: string, resource: string, context: ContextRecord): Probe => ({
      way,
      request: requestBy(use.principal, { action: 'ssm:SendCommand', resource, context }),
    });
    return [
      asked('to a machine without the tag', instanceIn(use, region), tagged(use.tag.key, null)),
      asked('to a machine with the tag', instanceIn(use, region), tagged(use.tag.key, use.tag.value)),
      asked('with another document', documentIn(use, region, 'AWS-ConfigureAWSPackage'), {}),
    ];
  });
  return [...ofTemporaryKeys, ...ofNamedKeys, ...ofNoKey, ...commands];
};

/** What the policies allowed, or may have, and no longer do. Of statements that are left out, their changes tell. */
export const lossesOf = (before: readonly Policy[], after: readonly Policy[], use: Use): readonly Loss[] => {
  const probes = probesOf(use).map((probe) => ({ ...probe, isAllowed: roleAllows(after, probe.request) !== 'no' }));
  const lost = probes.filter(({ request, isAllowed }) => !isAllowed && roleAllows(before, request) !== 'no');
  const left = new Set(probes.flatMap(({ request, isAllowed }) => (isAllowed ? [request.action] : [])));
  const inNoWay = [...new Set(lost.map(({ request }) => request.action))].filter((action) => !left.has(action));
  const others = lost.filter(({ request }) => !inNoWay.includes(request.action));
  const ways = [...new Set(others.map(({ way }) => way))];
  return [
    ...(inNoWay.length === 0 ? [] : [{ way: IN_NO_WAY, actions: inNoWay }]),
    ...ways.map((way) => ({
      way,
      actions: [...new Set(others.flatMap((probe) => (probe.way === way ? [probe.request.action] : [])))],
    })),
  ];
};
