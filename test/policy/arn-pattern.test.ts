import { describe, expect, it } from 'vitest';
import { arnPartsOf, mayReach, partsFit, resourcePattern } from '#shared/policy/arn-pattern';
import { globOf } from '#shared/policy/glob';
import { templateOf } from '#shared/policy/template';
import type { Truth } from '#shared/policy/truth';

const KEY = 'arn:aws:kms:eu-west-3:444455556666:key/1f2e3d4c-5b6a-4978-8f90-a1b2c3d4e5f6';
const LOG = 'arn:aws:logs:eu-west-3:444455556666:log-group:unlatch:*';

describe('a pattern', () => {
  it.each([
    { name: 'is one part where it has no colon', text: 'a*', is: [[{ pattern: 'a*' }]] },
    { name: 'is cut at its colons', text: 'a::b', is: [[{ pattern: 'a' }], [{ pattern: '' }], [{ pattern: 'b' }]] },
    {
      name: 'keeps the colons of its sixth part',
      text: 'a:b:c:d:e:f:g',
      is: [
        ...['a', 'b', 'c', 'd', 'e'].map((pattern) => [{ pattern }]),
        [{ pattern: 'f' }, { literal: ':' }, { pattern: 'g' }],
      ],
    },
  ])('$name', ({ text, is }) => {
    expect(arnPartsOf([{ pattern: text }])).toEqual(is);
  });

  it('is cut in what was filled in, too, whose characters stay literal', () => {
    expect(arnPartsOf([{ pattern: 'a*' }, { literal: 'x:*' }, { pattern: '?' }])).toEqual([
      [{ pattern: 'a*' }, { literal: 'x' }],
      [{ literal: '*' }, { pattern: '?' }],
    ]);
  });

  it.each([
    { arn: KEY, patterns: ['arn', 'aws', 'kms', '*', '*', 'key/*'], is: true },
    { arn: KEY, patterns: ['arn', 'aws', 'kms', '*', '*', 'alias/*'], is: false },
    { arn: KEY, patterns: ['arn', 'aws', 's3', '*', '*', 'key/*'], is: false },
    { arn: KEY, patterns: ['arn', 'aws', 'kms', 'eu-west-3'], is: true },
    { arn: 'arn:aws:kms', patterns: ['*', '*', '*', '*', '*', '*'], is: false },
    { arn: 'a:b:c:d:e', patterns: ['a', 'b', 'c', 'd', 'e', '*'], is: false },
    { arn: 'a:b:c:d:e:', patterns: ['a', 'b', 'c', 'd', 'e', ''], is: true },
    { arn: ':b:c:d:e:f', patterns: ['', 'b', 'c', 'd', 'e', 'f'], is: true },
    { arn: LOG, patterns: ['*', '*', '*', '*', '*', 'log-group:unlatch:?'], is: true },
  ])('of parts $patterns fits $arn: $is', ({ arn, patterns, is }) => {
    expect(
      partsFit(
        patterns.map((pattern) => globOf([{ pattern }])),
        arn,
      ),
    ).toBe(is);
  });
});

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html */
describe('a Resource', () => {
  it.each<{ name: string; resource: string; arn: string; is: Truth }>([
    { name: 'that is a star takes in every key', resource: '*', arn: KEY, is: 'yes' },
    { name: 'that is a star takes in an action without a resource', resource: '*', arn: '*', is: 'yes' },
    { name: 'that is the key takes it in', resource: KEY, arn: KEY, is: 'yes' },
    { name: 'that is another key does not', resource: `${KEY.slice(0, -1)}7`, arn: KEY, is: 'no' },
    { name: 'has wildcards in any part', resource: 'arn:aws:kms:eu-*:*:key/1f2e*', arn: KEY, is: 'yes' },
    { name: 'may have a `?`', resource: KEY.replace('1f2e', '????'), arn: KEY, is: 'yes' },
    { name: 'is case-sensitive', resource: KEY.replace('1f2e', '1F2E'), arn: KEY, is: 'no' },
    { name: 'of another Region does not', resource: 'arn:aws:kms:eu-west-1:*:key/*', arn: KEY, is: 'no' },
    { name: 'that is no ARN takes in nothing', resource: 'key', arn: KEY, is: 'no' },
    { name: 'that is the id alone takes in nothing', resource: KEY.slice(KEY.indexOf('/') + 1), arn: KEY, is: 'no' },
    {
      name: 'that is an alias takes in no key',
      resource: 'arn:aws:kms:eu-west-3:444455556666:alias/*',
      arn: KEY,
      is: 'no',
    },
    { name: 'that ends early is not completed for sure', resource: 'arn:aws:kms', arn: KEY, is: 'unknown' },
    { name: 'that ends early with a star is completed', resource: 'arn:aws:kms:eu-west-3:*', arn: KEY, is: 'yes' },
    { name: 'that ends early at another service is not', resource: 'arn:aws:s3', arn: KEY, is: 'no' },
    {
      name: 'that ends before its resource is not either',
      resource: 'arn:aws:kms:*:444455556666',
      arn: KEY,
      is: 'unknown',
    },
    // "if * is the last character of a segment it can expand beyond the colon"; Amazon S3's page says that it cannot.
    { name: 'whose star would cross a colon is unknown', resource: 'arn:aws:kms:*:key/*', arn: KEY, is: 'unknown' },
    { name: 'whose star would cross three is unknown', resource: 'arn:*key/1f2e*', arn: KEY, is: 'unknown' },
    { name: 'whose star would cross a colon elsewhere is not', resource: 'arn:aws:kms:*:key/2*', arn: KEY, is: 'no' },
    { name: 'may have colons in its last part', resource: LOG, arn: LOG, is: 'yes' },
    {
      name: 'may have a star for colons in its last part',
      resource: 'arn:aws:logs:*:*:log-group:*',
      arn: LOG,
      is: 'yes',
    },
  ])('$name', ({ resource, arn, is }) => {
    expect(resourcePattern([{ pattern: resource }])(arn)).toBe(is);
  });
});

describe('a Resource of which a variable is not known', () => {
  it.each<{ resource: string; is: Truth }>([
    { resource: 'arn:aws:kms:eu-west-3:${aws:PrincipalAccount}:key/*', is: 'unknown' },
    { resource: 'arn:aws:kms:*:*:key/${aws:PrincipalTag/Key}', is: 'unknown' },
    { resource: '${aws:PrincipalTag/Key}', is: 'unknown' },
    { resource: 'arn:aws:s3:::${aws:PrincipalAccount}-evidence/*', is: 'no' },
    { resource: 'arn:aws:kms:*:*:alias/${aws:PrincipalTag/Key}', is: 'no' },
  ])('$resource: $is', ({ resource, is }) => {
    expect(mayReach(templateOf(resource, true))(KEY)).toBe(is);
  });
});
