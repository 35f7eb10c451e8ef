import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Manifest, manifestJson, manifestOf } from '#shared/evidence/manifest';
import { type Digest, verify } from '#shared/evidence/verify';
import { custodyEntries, preserved } from './case-reports.ts';

const sha256 = (body: string) => createHash('sha256').update(body).digest('hex');
const archive = 'the archive';
const path = 'artefacts/triage.tar.gz';
const [artefact] = preserved.artefacts;
const report = {
  ...preserved,
  artefacts: artefact === undefined ? [] : [{ ...artefact, path, bytes: archive.length, sha256: sha256(archive) }],
};
const files: Readonly<Record<string, string>> = { 'report.json': '{}', 'custody.jsonl': '', [path]: archive };
const documents = ['report.json', 'custody.jsonl'].map((name) => ({ path: name, body: files[name] ?? '' }));
const manifest = manifestOf({ report, documents, stored: [], custodyEntries });

/** A reader over files in memory, which keeps what it was asked for. */
const folder = (contents: Readonly<Record<string, string>>) => {
  const asked: string[] = [];
  const digest: Digest = async (name) => {
    asked.push(name);
    const body = contents[name];
    return body === undefined ? null : { bytes: Buffer.byteLength(body), sha256: sha256(body) };
  };
  return { asked, digest };
};
const without = (name: string) => Object.fromEntries(Object.entries(files).filter(([key]) => key !== name));
const listing = (name: string): Manifest => ({
  ...manifest,
  artefacts: [],
  documents: [{ path: name, bytes: 2, sha256: sha256('{}') }],
});

describe('verify', () => {
  it('finds nothing where every file is as the manifest says, and reads each once', async () => {
    const { asked, digest } = folder(files);
    expect(await verify(manifestJson(manifest), digest)).toEqual([]);
    expect(asked).toEqual(['report.json', 'custody.jsonl', path]);
  });

  it.each([
    { name: 'an artefact is gone', contents: without(path), at: path, problem: 'missing' },
    { name: 'a document is gone', contents: without('report.json'), at: 'report.json', problem: 'missing' },
    { name: 'a file grew', contents: { ...files, [path]: `${archive}!` }, at: path, problem: 'size-differs' },
    { name: 'a file is empty', contents: { ...files, 'report.json': '' }, at: 'report.json', problem: 'size-differs' },
    { name: 'one letter changed', contents: { ...files, [path]: 'the Archive' }, at: path, problem: 'hash-differs' },
  ])('finds that $name', async ({ contents, at, problem }) => {
    const findings = await verify(manifestJson(manifest), folder(contents).digest);
    expect(findings).toMatchObject([{ path: at, problem, says: expect.stringContaining(`\`${at}\``) }]);
  });

  it('finds every file that is wrong, not the first alone', async () => {
    const findings = await verify(manifestJson(manifest), folder({}).digest);
    expect(findings.map(({ problem }) => problem)).toEqual(['missing', 'missing', 'missing']);
  });

  it.each([
    '../report.json',
    'artefacts/../../report.json',
    'artefacts/..',
    '..',
    '.',
    './report.json',
    '/etc/passwd',
    '//host/share',
    'artefacts//x',
    'artefacts/',
    'C:/Windows/win.ini',
    'C:report.json',
    '..\\report.json',
    'artefacts\\..\\..\\x',
    'report.json\0.txt',
    'report.json:stream',
  ])('never reads `%s`, and says so', async (escaping) => {
    const { asked, digest } = folder({ ...files, [escaping]: '{}' });
    expect(await verify(manifestJson(listing(escaping)), digest)).toMatchObject([
      { path: escaping, problem: 'escapes' },
    ]);
    expect(asked).toEqual([]);
  });

  it('reads no path with a segment `..`, wherever it stands', async () => {
    const segment = fc.constantFrom('..', 'a', 'b.txt', '...');
    await fc.assert(
      fc.asyncProperty(fc.array(segment, { minLength: 1, maxLength: 5 }), async (segments) => {
        const { asked, digest } = folder({});
        const [finding] = await verify(manifestJson(listing(segments.join('/'))), digest);
        expect(finding?.problem).toBe(segments.includes('..') ? 'escapes' : 'missing');
        expect(asked).toHaveLength(segments.includes('..') ? 0 : 1);
      }),
    );
  });

  it.each([
    { name: 'no JSON', text: '{', says: 'the manifest is no JSON' },
    { name: 'no object', text: '[]', says: '`manifest`' },
    {
      name: 'a hash that is none',
      text: manifestJson(manifest).replaceAll(sha256('{}'), 'x'),
      says: '`documents.0.sha256`',
    },
    {
      name: 'a negative size',
      text: JSON.stringify({ ...manifest, documents: [{ ...manifest.documents[0], bytes: -1 }] }),
      says: '`documents.0.bytes`',
    },
    { name: 'no artefacts', text: JSON.stringify({ ...manifest, artefacts: undefined }), says: '`artefacts`' },
  ])('takes no manifest for intact that it cannot read: $name', async ({ text, says }) => {
    const { asked, digest } = folder(files);
    const error = await verify(text, digest).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'UnreadableManifestError', message: expect.stringContaining(says) });
    expect(asked).toEqual([]);
  });

  it('lets an error of the reader through: unreadable is not missing', async () => {
    const failing: Digest = () => Promise.reject(new Error('disk fault'));
    await expect(verify(manifestJson(manifest), failing)).rejects.toThrow('disk fault');
  });
});
