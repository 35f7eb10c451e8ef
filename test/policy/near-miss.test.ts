import { describe, expect, it } from 'vitest';
import { readFacts } from '#shared/diagnosis/facts-record';
import { unknown } from '#shared/policy/known';
import { LAYERS, type Layer } from '#shared/policy/layer';
import { nearMisses } from '#shared/policy/near-miss';
import { requestContext } from '#shared/policy/request-context';
import { allow, deny, factsWith, named, OWN_KEY, type Parts, principal, ROLE } from '../diagnosis/facts.ts';

const known = <T>(value: T) => ({ known: true, value }) as const;

const asked = { principal: principal(ROLE), action: 'kms:CreateGrant', resource: OWN_KEY };
const request = {
  ...asked,
  context: requestContext(
    { 'kms:ViaService': 'ec2.eu-west-3.amazonaws.com', 'kms:GrantIsForAWSResource': null },
    asked,
  ),
};
const at = (layer: Layer, parts: Parts) => nearMisses(layer, request, readFacts(factsWith(parts)));

const elsewhere = { Condition: { StringEquals: { 'kms:ViaService': 'ec2.us-east-1.amazonaws.com' } } };
const nearly = allow('kms:CreateGrant', elsewhere);
const toRole = (statement: object) => ({ ...statement, Principal: { AWS: ROLE } });

const carried = { key: 'kms:ViaService', carried: ['ec2.eu-west-3.amazonaws.com'] };

describe('a statement that would allow it, but for a condition', () => {
  it.each<{ layer: Layer; parts: Parts; policy: string }>([
    { layer: 'key-policy', parts: { keyPolicy: [toRole(nearly)] }, policy: 'the key policy' },
    { layer: 'identity-policy', parts: { identity: [nearly] }, policy: 'acquire' },
    {
      layer: 'permissions-boundary',
      parts: { boundary: [nearly] },
      policy: 'arn:aws:iam::111122223333:policy/Boundary',
    },
    { layer: 'session-policy', parts: { session: known([named('narrowed', nearly)]) }, policy: 'narrowed' },
    {
      layer: 'service-control-policy',
      parts: { scp: known([{ target: 'r-abcd', policies: [named('OnlyVirginia', nearly)] }]) },
      policy: 'OnlyVirginia',
    },
    {
      layer: 'vpc-endpoint-policy',
      parts: { endpoint: [{ ...nearly, Principal: '*' }] },
      policy: 'vpce-0a1b2c3d4e5f60718',
    },
  ])('is told of the $layer, with what the request carries instead', ({ layer, parts, policy }) => {
    expect(at(layer, parts)).toMatchObject([{ statement: { policy, index: 0 }, fails: [carried] }]);
  });

  it('is told with every condition that fails, and with none that holds or is not known', () => {
    const Condition = {
      StringEquals: { 'kms:ViaService': 'ec2.us-east-1.amazonaws.com', 'aws:PrincipalAccount': '111122223333' },
      Bool: { 'kms:GrantIsForAWSResource': 'true' },
      IpAddress: { 'aws:SourceIp': '192.0.2.0/24' },
    };
    expect(at('identity-policy', { identity: [allow('kms:CreateGrant', { Condition })] })).toMatchObject([
      { fails: [carried, { key: 'kms:GrantIsForAWSResource', carried: null }] },
    ]);
  });
});

describe('nothing comes close', () => {
  it.each<{ name: string; layer: Layer; parts: Parts }>([
    {
      name: 'a statement without a condition',
      layer: 'identity-policy',
      parts: { identity: [allow('kms:CreateGrant')] },
    },
    {
      name: 'a condition that holds',
      layer: 'identity-policy',
      parts: {
        identity: [
          allow('kms:CreateGrant', {
            Condition: { StringEquals: { 'kms:ViaService': 'ec2.eu-west-3.amazonaws.com' } },
          }),
        ],
      },
    },
    { name: 'another action', layer: 'identity-policy', parts: { identity: [allow('kms:Decrypt', elsewhere)] } },
    {
      name: 'another key',
      layer: 'identity-policy',
      parts: {
        identity: [allow('kms:CreateGrant', { ...elsewhere, Resource: OWN_KEY.replace('eu-west-3', 'eu-west-1') })],
      },
    },
    {
      name: 'a statement that denies',
      layer: 'identity-policy',
      parts: { identity: [deny('kms:CreateGrant', elsewhere)] },
    },
    {
      name: 'a statement for somebody else',
      layer: 'key-policy',
      parts: { keyPolicy: [{ ...nearly, Principal: { AWS: 'arn:aws:iam::111122223333:role/somebody' } }] },
    },
    { name: 'no boundary', layer: 'permissions-boundary', parts: { boundary: null } },
    {
      name: 'policies that were not read',
      layer: 'session-policy',
      parts: { session: unknown('they cannot be read') },
    },
    { name: 'a key policy that was not read', layer: 'key-policy', parts: { keyPolicy: unknown('refused') } },
  ])('$name', ({ layer, parts }) => {
    expect(at(layer, parts)).toEqual([]);
  });

  it('in layers that hold no statements for it', () => {
    const others = LAYERS.filter((layer) => ['grant', 'key-state', 'resource-control-policy'].includes(layer));
    expect(others).toHaveLength(3);
    for (const layer of others)
      expect(at(layer, { rcp: known([{ target: 'r', policies: [named('x', nearly)] }]) })).toEqual([]);
  });
});
