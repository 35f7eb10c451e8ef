import { describe, expect, it } from 'vitest';
import { type Circumstances, placesOf } from '#shared/route/re-encrypt/places';

const OWN = '111122223333';
const TARGET = '444455556666';
const PLATFORM = '777788889999';
const HERE = 'eu-west-3';
const THERE = 'eu-central-1';
const evidenceIn = (region: string): string => `arn:aws:kms:${region}:${OWN}:key/0e51dce0-9a1b-4c2d-8e3f-5a6b7c8d9e0f`;

const given: Circumstances = {
  ownAccount: OWN,
  target: { accountId: TARGET, region: HERE },
  platform: { accountId: OWN, region: HERE },
  evidenceKeyArn: '',
  evidenceKeyAdmitsTarget: false,
};
const evidence = (region: string) => ({ kind: 'evidence', keyArn: evidenceIn(region) });
const temporary = { kind: 'temporary' };

const cases: readonly {
  readonly name: string;
  readonly given: Partial<Circumstances>;
  readonly places: Partial<Record<'passage' | 'final' | 'finalRegion' | 'temporaryIn', unknown>>;
}[] = [
  {
    name: 'a disk passes under a temporary key, and ends under the default key of the account in which it is read',
    given: {},
    places: { passage: temporary, final: { kind: 'default' }, temporaryIn: [HERE] },
  },
  {
    name: 'it ends under the temporary key where the platform reads in another account',
    given: { platform: { accountId: PLATFORM, region: HERE } },
    places: { passage: temporary, final: temporary, temporaryIn: [HERE] },
  },
  {
    name: 'it ends under a replica where that account reads in another Region',
    given: { platform: { accountId: PLATFORM, region: THERE } },
    places: { passage: temporary, final: temporary, finalRegion: THERE, temporaryIn: [HERE, THERE] },
  },
  {
    name: 'it needs no replica where it ends under a key of that Region',
    given: { platform: { accountId: OWN, region: THERE } },
    places: { passage: temporary, final: { kind: 'default' }, finalRegion: THERE, temporaryIn: [HERE] },
  },
  {
    name: 'it ends under the evidence key where there is one',
    given: { evidenceKeyArn: evidenceIn(HERE) },
    places: { passage: temporary, final: evidence(HERE), temporaryIn: [HERE] },
  },
  {
    name: 'it needs no temporary key where the evidence key admits the target account',
    given: { evidenceKeyArn: evidenceIn(HERE), evidenceKeyAdmitsTarget: true },
    places: { passage: evidence(HERE), final: evidence(HERE), temporaryIn: [] },
  },
  {
    name: 'an evidence key of the other Region takes it at the end alone',
    given: {
      platform: { accountId: OWN, region: THERE },
      evidenceKeyArn: evidenceIn(THERE),
      evidenceKeyAdmitsTarget: true,
    },
    places: { passage: temporary, final: evidence(THERE), temporaryIn: [HERE] },
  },
  {
    name: "a disk of Unlatch's own account passes through no other",
    given: { target: { accountId: OWN, region: HERE } },
    places: { passage: null, final: { kind: 'default' }, temporaryIn: [] },
  },
  {
    name: "a disk of Unlatch's own account ends under a temporary key where the platform reads elsewhere",
    given: { target: { accountId: OWN, region: HERE }, platform: { accountId: PLATFORM, region: THERE } },
    places: { passage: null, final: temporary, finalRegion: THERE, temporaryIn: [THERE] },
  },
  {
    name: 'what is no ARN of a key is no evidence key',
    given: { evidenceKeyArn: 'alias/evidence', evidenceKeyAdmitsTarget: true },
    places: { passage: temporary, final: { kind: 'default' }, temporaryIn: [HERE] },
  },
];

describe('placesOf', () => {
  it.each(cases)('$name', ({ given: more, places }) => {
    expect(placesOf({ ...given, ...more })).toMatchObject(places);
  });
});
