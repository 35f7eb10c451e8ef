import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { manifestJson, manifestOf } from '#shared/evidence/manifest';
import type { Digest } from '#shared/evidence/verify';
import { verifyCopies } from '#shared/evidence/verify-copies';
import { packed } from '#shared/route/unencrypted-copy/checksums';
import { copied, custodyEntries } from './case-reports.ts';

const sha256 = (body: Uint8Array) => createHash('sha256').update(body).digest('hex');
const block = (index: number) => ({ index, sha256: createHash('sha256').update(`${index}`).digest() });

const folder = 'unencrypted-copy/vol-0d5a9c3e1f2b47a60';
const lanes = [
  [block(0), block(2_047)],
  [block(2_048), block(4_095)],
];
const parts = lanes.map((lane, number) => ({ path: `${folder}/0${number}.sums`, bytes: packed(lane) }));
const linear = createHash('sha256')
  .update(Buffer.concat(lanes.flat().map((one) => one.sha256)))
  .digest('base64');

const document = {
  method: 'ebs-direct',
  blocks: 4,
  checksum: { aggregation: 'LINEAR', value: linear },
  lanes: parts.map(({ path, bytes }, number) => [
    { path, from: number * 2_048, to: null, blocks: 2, bytes: bytes.length, sha256: sha256(bytes) },
  ]),
};

const path = `${folder}/copy.json`;
const checksumsOf = (text: string, changes: Readonly<Record<string, Buffer>> = {}) => {
  const files: Record<string, Buffer> = {
    [path]: Buffer.from(text),
    ...Object.fromEntries(parts.map((part) => [part.path, part.bytes])),
    ...changes,
  };
  const body = files[path] ?? Buffer.alloc(0);
  const [archive, copy] = copied.artefacts;
  if (archive === undefined || copy?.kind !== 'disk-copy') throw new Error('a case with a copy');
  const report = { ...copied, artefacts: [archive, { ...copy, path, bytes: body.length, sha256: sha256(body) }] };
  const manifest = manifestJson(manifestOf({ report, documents: [], stored: [], custodyEntries }));
  const digest: Digest = async (name) => {
    const file = files[name];
    return file === undefined ? null : { bytes: file.length, sha256: sha256(file) };
  };
  async function* read(name: string) {
    yield files[name] ?? Buffer.alloc(0);
  }
  return verifyCopies(manifest, digest, read);
};

describe('the checksums of a copy', () => {
  it('are found intact as they were written', async () => {
    expect(await checksumsOf(JSON.stringify(document))).toEqual([]);
  });

  it('are missed where a part is gone or changed', async () => {
    const [first, second] = parts;
    const changed = Buffer.from(first?.bytes ?? []);
    changed[40] = (changed[40] ?? 0) ^ 1;
    const findings = await checksumsOf(JSON.stringify(document), { [first?.path ?? '']: changed });
    expect(findings).toMatchObject([{ path: first?.path, problem: 'hash-differs' }]);
    const cut = await checksumsOf(JSON.stringify(document), { [second?.path ?? '']: Buffer.alloc(36) });
    expect(cut).toMatchObject([{ path: second?.path, problem: 'size-differs' }]);
  });

  it.each([
    { name: 'another sum', change: { checksum: { aggregation: 'LINEAR', value: 'AAAA' } } },
    { name: 'another number of blocks', change: { blocks: 5 } },
    { name: 'a lane less', change: { lanes: document.lanes.slice(1) } },
  ])('are found not to add up to $name', async ({ change }) => {
    expect(await checksumsOf(JSON.stringify({ ...document, ...change }))).toMatchObject([
      { path, problem: 'sum-differs' },
    ]);
  });

  it.each([
    { name: 'no JSON', text: '{' },
    { name: 'no method', text: '{}' },
    {
      name: 'a path that leaves the folder',
      text: JSON.stringify({ ...document, lanes: [[{ ...document.lanes[0]?.[0], path: '../../etc/passwd' }]] }),
    },
  ])('are not read from $name', async ({ text }) => {
    expect(await checksumsOf(text)).toMatchObject([{ path, problem: 'unreadable' }]);
  });

  it('are not asked of a copy from within, of which only the machine itself can speak', async () => {
    expect(await checksumsOf(JSON.stringify({ method: 'in-guest' }))).toEqual([]);
  });
});
