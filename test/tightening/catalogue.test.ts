import { describe, expect, it } from 'vitest';
import type { Written } from '#shared/policy/lint/subject';
import { readPolicy } from '#shared/policy/read-policy';
import { FEATURES, featuresServedBy, isFeature, sidsOf } from '#shared/tightening/catalogue';
import { featuresInUse } from '#shared/tightening/in-use';
import { PUBLISHED, policyOf, USE } from './response-role.ts';

const allow = (more: Written): Written => ({ Effect: 'Allow', Action: 'ec2:RunInstances', Resource: '*', ...more });
const linkedRole = (service: string): Written =>
  allow({
    Sid: 'Whatever',
    Action: ['iam:CreateServiceLinkedRole'],
    Resource: `arn:aws:iam::*:role/aws-service-role/${service}/*`,
  });

describe('the catalogue', () => {
  it('knows a published statement for each feature', () => {
    const features = Object.keys(FEATURES).filter(isFeature);
    expect(features.filter((feature) => sidsOf(feature).length === 0)).toEqual([]);
  });

  it.each([
    { claim: 'a statement by its Sid', statement: allow({ Sid: 'RequiredForEKSImport' }), serves: ['eks'] },
    {
      claim: 'one for two features',
      statement: allow({ Sid: 'RequiredForTriageAndRunCommand' }),
      serves: ['triage', 'memory'],
    },
    { claim: 'none without a Sid', statement: allow({}), serves: null },
    { claim: 'none under a name of the language', statement: allow({ Sid: 'constructor' }), serves: null },
    {
      claim: 'the one-time permission by what it allows',
      statement: linkedRole('mrk.kms.amazonaws.com'),
      serves: ['first-default-key'],
    },
    { claim: 'in its other form too', statement: linkedRole('kms.amazonaws.com'), serves: ['first-default-key'] },
    { claim: 'and not that of another service', statement: linkedRole('spot.amazonaws.com'), serves: null },
    {
      claim: 'nor one with another action besides',
      statement: { ...linkedRole('mrk.kms.amazonaws.com'), Action: ['iam:CreateServiceLinkedRole', 'iam:PassRole'] },
      serves: null,
    },
  ])('knows $claim', ({ statement, serves }) => {
    expect(featuresServedBy(statement)).toEqual(serves);
  });

  const inUse = (...statements: readonly Written[]) => {
    const { name, document } = policyOf(...statements);
    return [...featuresInUse([{ name, statements }], [readPolicy(document, 'attached', name)], USE)].sort();
  };

  it('tells from the policies what a role is there for', () => {
    expect(inUse(...PUBLISHED)).toEqual([
      'default-key-disks',
      'disks',
      'encrypted-disks',
      'first-default-key',
      'images',
      'lambda',
      'memory',
      'platform',
      'triage',
    ]);
  });

  it('a statement serves what the role can do as a whole; where it can do nothing, all that it may serve', () => {
    const [, , keys = {}, temporary = {}] = PUBLISHED;
    expect(inUse(keys)).toEqual(['default-key-disks', 'encrypted-disks']);
    expect(inUse(keys, allow({ Action: 'kms:DescribeKey' }))).toEqual(['encrypted-disks']);
    expect(inUse(keys, temporary)).toEqual(['default-key-disks', 'encrypted-disks']);
  });

  it('what allows everything is there for all that can be simulated', () => {
    expect(inUse(allow({ Action: '*' }))).toEqual([
      'default-key-disks',
      'encrypted-disks',
      'first-default-key',
      'memory',
      'triage',
    ]);
  });
});
