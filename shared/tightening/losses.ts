import type { ContextRecord } from '#shared/policy/context';
import { KEY_ACTIONS } from '#shared/policy/lint/action-patterns';
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
const waysOf = (use: Use): readonly { readonly way: string; readonly context: ContextRecord }[] => {
  const elsewhere = ['us-east-1', 'eu-west-1'].find((region) => !use.regions.includes(region)) ?? 'ap-south-1';
  const [region = elsewhere] = use.regions;
  const own = { 'kms:ResourceAliases': [`${use.temporaryAlias}-1`] };
  const other = { 'kms:ResourceAliases': ['alias/another'] };
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
    { way: 'of a temporary key, called directly', context: { ...own, 'kms:ViaService': null } },
  ];
};

const probesOf = (use: Use): readonly Probe[] => {
  const keys = use.regions.slice(0, 1).map((region) => temporaryKeyIn(use, region));
  const ofKeys = waysOf(use).flatMap(({ way, context }) =>
    keys.flatMap((resource) =>
      KEY_ACTIONS.map((action) => ({ way, request: requestBy(use.principal, { action, resource, context }) })),
    ),
  );
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
  return [...ofKeys, ...commands];
};

/** What the policies allowed, or may have, and no longer do. Of statements that are left out, their changes tell. */
export const lossesOf = (before: readonly Policy[], after: readonly Policy[], use: Use): readonly Loss[] => {
  const lost = probesOf(use).filter(
    ({ request }) => roleAllows(before, request) !== 'no' && roleAllows(after, request) === 'no',
  );
  const isAllowedSomehow = (action: string): boolean =>
    probesOf(use).some(({ request }) => request.action === action && roleAllows(after, request) !== 'no');
  const inNoWay = [...new Set(lost.map(({ request }) => request.action))].filter((action) => !isAllowedSomehow(action));
  const others = lost.filter(({ request }) => !inNoWay.includes(request.action));
  const ways = [...new Set(others.map(({ way }) => way))];
  return [
    ...(inNoWay.length === 0 ? [] : [{ way: IN_NO_WAY, actions: inNoWay }]),
    ...ways.map((way) => ({
      way,
      actions: others.flatMap((probe) => (probe.way === way ? [probe.request.action] : [])),
    })),
  ];
};
