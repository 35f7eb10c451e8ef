import { describe, expect, it } from 'vitest';
import type { GrantRecord } from '#shared/diagnosis/facts-record';
import { GrantListEntry } from '#shared/diagnosis/grant-record';
import { ROLE } from './facts.ts';

const entry = { GrantId: 'g-1', GranteePrincipal: ROLE, Operations: ['Decrypt'] };
const pairs = { 'aws:ebs:id': 'vol-0a1b2c3d4e5f60718' };

describe('the constraints of a listed grant', () => {
  const cases: readonly { name: string; listed: object | null | undefined; kept: GrantRecord['Constraints'] }[] = [
    {
      name: 'the encryption context that it asks for, whole',
      listed: { EncryptionContextEquals: pairs },
      kept: { EncryptionContextEquals: pairs },
    },
    {
      name: 'a part of the encryption context',
      listed: { EncryptionContextSubset: pairs },
      kept: { EncryptionContextSubset: pairs },
    },
    {
      name: 'one of a kind that is not known is told, without its terms',
      listed: { SourceArn: 'arn:aws:ec2:eu-west-3:111122223333:volume/v' },
      kept: { Other: true },
    },
    {
      name: 'one that is not known beside one that is',
      listed: { EncryptionContextSubset: pairs, SourceArn: 'arn:aws:ec2:eu-west-3:111122223333:volume/v' },
      kept: { EncryptionContextSubset: pairs, Other: true },
    },
    { name: 'one that has no value is none', listed: { SourceArn: undefined }, kept: undefined },
    { name: 'none', listed: {}, kept: undefined },
    { name: 'none, said with null', listed: null, kept: undefined },
    { name: 'none, by its absence', listed: undefined, kept: undefined },
  ];
  it.each(cases)('$name', ({ listed, kept }) => {
    expect(GrantListEntry.parse({ ...entry, Constraints: listed })).toEqual({ ...entry, Constraints: kept });
  });

  it.each(['EncryptionContextEquals', 'EncryptionContextSubset'])('%s holds pairs of texts', (kind) => {
    for (const wrong of ['aws:ebs:id', { 'aws:ebs:id': 7 }])
      expect(GrantListEntry.safeParse({ ...entry, Constraints: { [kind]: wrong } }).success).toBe(false);
  });
});

describe('who and what a listed grant names', () => {
  it.each([
    { name: 'a principal', listed: entry, kept: entry },
    {
      name: 'a service, which has a field of its own',
      listed: { ...entry, GranteePrincipal: undefined, GranteeServicePrincipal: 'ec2.amazonaws.com' },
      kept: { ...entry, GranteePrincipal: 'ec2.amazonaws.com' },
    },
    {
      name: 'nobody',
      listed: { ...entry, GranteePrincipal: undefined },
      kept: { ...entry, GranteePrincipal: 'unknown' },
    },
    { name: 'no id', listed: { ...entry, GrantId: undefined }, kept: { ...entry, GrantId: 'without id' } },
    { name: 'more than is needed', listed: { ...entry, Name: 'evidence', KeyId: 'k' }, kept: entry },
  ])('$name', ({ listed, kept }) => {
    expect(GrantListEntry.parse(listed)).toEqual(kept);
  });
});
