import { describe, expect, it } from 'vitest';
import { KeyArn, SnapshotId, VolumeId } from '#shared/signal/identifiers';
import { type Circumstances, type Disposal, disposalOf } from '#shared/sweep/disposal';
import type { FoundKey, FoundSnapshot, FoundVolume, PlatformKey, Thing } from '#shared/sweep/thing';

const NOW = '2026-06-15T12:00:00.000Z';
const daysAgo = (days: number): string => new Date(Date.parse(NOW) - days * 86_400_000).toISOString();
const daysOn = (days: number): string => daysAgo(-days);

const place = { accountId: '111122223333', region: 'eu-west-3' };
const tagged = { ...place, made: 'yes' as const, caseId: 'closed-case', expires: daysOn(80), since: daysAgo(2) };

const snapshot: FoundSnapshot = {
  kind: 'snapshot',
  ...tagged,
  snapshotId: SnapshotId.parse('snap-0a1b2c3d4e5f60718'),
  state: 'completed',
  part: 'copy',
};
const volume: FoundVolume = {
  kind: 'volume',
  ...tagged,
  volumeId: VolumeId.parse('vol-0a1b2c3d4e5f60718'),
  state: 'available',
  ofCopy: false,
};
const key: FoundKey = {
  kind: 'key',
  ...tagged,
  keyArn: KeyArn.parse('arn:aws:kms:eu-west-3:111122223333:key/6d5c4b3a-2918-4706-b5e4-d3c2b1a09f8e'),
  state: 'Enabled',
  aliases: ['alias/CadoResponse-KMS-Alias-closed-case'],
  isReplica: false,
};
const platformKey: PlatformKey = {
  kind: 'platform-key',
  ...place,
  keyArn: KeyArn.parse('arn:aws:kms:eu-west-3:111122223333:key/1f2e3d4c-5b6a-4798-8a7b-6c5d4e3f2a1b'),
  state: 'Enabled',
  aliases: ['alias/CadoResponse-KMS-Alias-4711'],
  since: daysAgo(30),
  isReplica: false,
  madeBy: 'myCadoResponseRole',
};

const circumstances: Circumstances = {
  now: NOW,
  ownerOf: (caseId) => (caseId === 'open-case' ? 'open' : caseId === 'closed-case' ? 'closed' : 'unknown'),
  useOf: () => [],
  aliasPrefix: 'alias/CadoResponse-KMS-Alias',
  responseRole: '*CadoResponse*',
  sweepPlatformKeys: true,
  platformKeyDays: 7,
};

interface Case {
  readonly name: string;
  readonly thing: Thing;
  readonly given?: Partial<Circumstances>;
  readonly do: Disposal['do'];
  readonly because: RegExp;
}

const cases: readonly Case[] = [
  { name: 'a copy is evidence until its time is over', thing: snapshot, do: 'keep', because: /evidence until 2026/ },
  {
    name: 'a copy whose time is over goes',
    thing: { ...snapshot, expires: daysAgo(1) },
    do: 'remove',
    because: /over/,
  },
  {
    name: 'a copy of an open case stays, whatever its date says',
    thing: { ...snapshot, caseId: 'open-case', expires: daysAgo(1) },
    do: 'keep',
    because: /is open/,
  },
  {
    name: 'a copy with a date that cannot be read stays',
    thing: { ...snapshot, expires: null },
    do: 'keep',
    because: /until a person decides/,
  },
  {
    name: 'a passing copy that no case needs goes',
    thing: { ...snapshot, part: 'passage' },
    do: 'remove',
    because: /needs it no more/,
  },
  {
    name: 'what bears the tags and was recorded nowhere is for a person: anybody may tag a thing',
    thing: { ...snapshot, expires: daysAgo(1), made: 'no' },
    do: 'report',
    because: /no record says that Unlatch made it/,
  },
  {
    name: 'what bears the tags stays where the ledger cannot be asked',
    thing: { ...snapshot, expires: daysAgo(1), made: 'unknown' },
    do: 'keep',
    because: /could not be told/,
  },
  {
    name: 'a volume that was recorded nowhere is for a person',
    thing: { ...volume, made: 'no' },
    do: 'report',
    because: /no record/,
  },
  {
    name: 'a key that was recorded nowhere is for a person',
    thing: { ...key, made: 'no' },
    do: 'report',
    because: /no record/,
  },
  {
    name: 'a key whose alias was left, recorded nowhere, keeps it',
    thing: { ...key, state: 'PendingDeletion', made: 'no' },
    do: 'report',
    because: /no record/,
  },
  {
    name: 'a passing copy of an open case stays',
    thing: { ...snapshot, part: 'passage', caseId: 'open-case' },
    do: 'keep',
    because: /is open/,
  },
  {
    name: 'a passing copy of a case that nobody knows stays while it may be under way',
    thing: { ...snapshot, part: 'passage', caseId: 'forgotten' },
    do: 'keep',
    because: /is not known/,
  },
  {
    name: 'a passing copy of a case that nobody knows goes when no case lasts so long',
    thing: { ...snapshot, part: 'passage', caseId: 'forgotten', since: daysAgo(15) },
    do: 'remove',
    because: /needs it no more/,
  },
  {
    name: 'a passing copy of a case that nobody knows, of an age that nobody tells, stays',
    thing: { ...snapshot, part: 'passage', caseId: 'forgotten', since: null },
    do: 'keep',
    because: /is not known/,
  },
  {
    name: 'a snapshot that Unlatch wrote and nobody goes on with goes',
    thing: { ...snapshot, part: null, state: 'pending' },
    do: 'remove',
    because: /nobody writes it/,
  },
  {
    name: 'a snapshot that EBS still copies stays: it will be evidence',
    thing: { ...snapshot, state: 'pending' },
    do: 'keep',
    because: /evidence/,
  },
  { name: 'a copy that failed goes', thing: { ...snapshot, state: 'error' }, do: 'remove', because: /failed/ },
  {
    name: 'an empty volume that no case needs goes',
    thing: volume,
    do: 'remove',
    because: /needs it no more/,
  },
  {
    name: 'a volume that was asked for stays until its time is over',
    thing: { ...volume, ofCopy: true },
    do: 'keep',
    because: /was asked for/,
  },
  {
    name: 'a volume that was asked for goes when its time is over',
    thing: { ...volume, ofCopy: true, expires: daysAgo(1) },
    do: 'remove',
    because: /over/,
  },
  {
    name: 'a volume that hangs on an instance is for a person',
    thing: { ...volume, state: 'in-use' },
    do: 'report',
    because: /attached/,
  },
  {
    name: 'a volume that is on its way stays',
    thing: { ...volume, state: 'creating' },
    do: 'keep',
    because: /`creating`/,
  },
  {
    name: 'a volume of an open case stays',
    thing: { ...volume, caseId: 'open-case' },
    do: 'keep',
    because: /is open/,
  },
  { name: 'a key that no case needs is ended', thing: key, do: 'remove', because: /needs it no more/ },
  {
    name: 'a key of an open case stays',
    thing: { ...key, caseId: 'open-case' },
    do: 'keep',
    because: /is open/,
  },
  {
    name: 'a key under which a snapshot stands stays',
    thing: key,
    given: { useOf: () => ['snap-0b', 'vol-0c'] },
    do: 'keep',
    because: /snap-0b and 1 more stand under it/,
  },
  {
    name: 'a key stays where nobody can tell what stands under it',
    thing: key,
    given: { useOf: () => 'unknown' },
    do: 'keep',
    because: /could not be told/,
  },
  {
    name: 'a key to which somebody gave another alias is for a person',
    thing: { ...key, aliases: [...key.aliases, 'alias/payroll'] },
    do: 'report',
    because: /alias\/payroll/,
  },
  {
    name: 'a key whose alias was left behind loses it',
    thing: { ...key, state: 'PendingDeletion' },
    do: 'remove',
    because: /alias was left/,
  },
  {
    name: 'a key that waits for its deletion, without an alias, is done with',
    thing: { ...key, state: 'PendingDeletion', aliases: [] },
    do: 'keep',
    because: /waits for its deletion/,
  },
  {
    name: 'a key whose making was broken off before it got an alias is ended',
    thing: { ...key, aliases: [] },
    do: 'remove',
    because: /needs it no more/,
  },
  { name: 'a key that the platform left behind is ended', thing: platformKey, do: 'remove', because: /left it behind/ },
  {
    name: 'a key that the platform left behind is only told of without consent',
    thing: platformKey,
    given: { sweepPlatformKeys: false },
    do: 'report',
    because: /`SweepPlatformKeys` would end it/,
  },
  {
    name: 'a young key of the platform stays: an import may be under way',
    thing: { ...platformKey, since: daysAgo(6) },
    do: 'keep',
    because: /younger than 7 days/,
  },
  {
    name: 'a key of an age that nobody tells stays',
    thing: { ...platformKey, since: null },
    do: 'keep',
    because: /younger/,
  },
  {
    name: 'a key of which nobody knows who made it is only told of',
    thing: { ...platformKey, madeBy: null },
    do: 'report',
    because: /who made it is not known/,
  },
  {
    name: 'a key that somebody else made stays, whatever its alias says',
    thing: { ...platformKey, madeBy: 'Administrator' },
    do: 'keep',
    because: /no role of the platform/,
  },
  {
    name: 'a key of the platform with an alias of another kind stays',
    thing: { ...platformKey, aliases: [...platformKey.aliases, 'alias/prod'] },
    do: 'keep',
    because: /alias\/prod/,
  },
  {
    name: 'a key of the platform in use stays',
    thing: platformKey,
    given: { useOf: () => ['vol-0c'] },
    do: 'keep',
    because: /vol-0c stand under it/,
  },
  {
    name: 'a key of the platform that waits for its deletion is done with',
    thing: { ...platformKey, state: 'PendingDeletion' },
    do: 'keep',
    because: /waits/,
  },
  {
    name: 'a claim past its time is let go',
    thing: { kind: 'claim', target: '1/eu/i-1', caseId: 'dead', until: daysAgo(1) },
    do: 'remove',
    because: /died/,
  },
];

describe('disposalOf', () => {
  it.each(cases)('$name', ({ thing, given = {}, do: action, because }) => {
    expect(disposalOf(thing, { ...circumstances, ...given })).toEqual({
      do: action,
      because: expect.stringMatching(because),
    });
  });
});
