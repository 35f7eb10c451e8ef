import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseLaneRequest } from '#shared/route/unencrypted-copy/lane-request';

const copy = JSON.parse(readFileSync('events/copy-blocks/copy-a-lane.json', 'utf8'));
const verify = JSON.parse(readFileSync('events/copy-blocks/verify-a-lane.json', 'utf8'));
const [part] = verify.parts;

describe('a request for a lane is refused by the field that is wrong', () => {
  it.each([
    { name: 'something else to do', request: { ...copy, do: 'delete' }, says: /^`do`/ },
    {
      name: 'a case that is a path',
      request: { ...copy, caseId: '../../other' },
      says: /^`caseId`: expected the id of a case/,
    },
    {
      name: 'a snapshot that is none',
      request: { ...copy, copy: { snapshotId: 'vol-0cff55e7d5200bf1b' } },
      says: /^`copy\.snapshotId`/,
    },
    {
      name: 'an account that is none',
      request: { ...copy, source: { ...copy.source, accountId: '1' } },
      says: /^`source\.accountId`/,
    },
    { name: 'a disk of no size', request: { ...copy, lane: { ...copy.lane, sizeGiB: 0 } }, says: /^`lane\.sizeGiB`/ },
    {
      name: 'a lane that there is not',
      request: { ...copy, lane: { ...copy.lane, number: 8 } },
      says: /^`lane`: expected a lane of 8/,
    },
    { name: 'a block before the first', request: { ...copy, from: -1 }, says: /^`from`/ },
    { name: 'a field that nobody knows', request: { ...copy, force: true }, says: /force/ },
    {
      name: 'a part elsewhere in the bucket',
      request: { ...verify, parts: [{ ...part, path: 'cases/x/y.sums' }] },
      says: /^`parts\.0\.path`/,
    },
    {
      name: 'a part with dots in its path',
      request: { ...verify, parts: [{ ...part, path: 'unencrypted-copy/../../x' }] },
      says: /^`parts\.0\.path`/,
    },
  ])('$name', ({ request, says }) => {
    expect(() => parseLaneRequest(request)).toThrow(says);
  });
});
