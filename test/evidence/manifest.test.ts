import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { custodyHead, custodyLog } from '#shared/evidence/custody-log';
import { Manifest, manifestJson, manifestOf } from '#shared/evidence/manifest';
import { byHand, custodyEntries, diagnosed, dryRun, preserved } from './case-reports.ts';

const documents = [
  { path: 'report.json', body: '{"name":"Zoë"}\n' },
  { path: 'report.html', body: '<!doctype html>' },
  { path: 'custody.jsonl', body: custodyLog(custodyEntries) },
];
const manifest = manifestOf({ report: preserved, documents, stored: [], custodyEntries });

describe('manifestOf', () => {
  it('names the case, the tool and the verdict', () => {
    expect(manifest).toMatchObject({
      caseId: preserved.caseId,
      tool: { name: 'unlatch', version: '0.1.0' },
      verdict: 'preserved',
      created: '2026-03-14T03:15:30.000Z',
    });
  });

  it('names where the evidence comes from', () => {
    expect(manifest.source).toEqual({
      accountId: '444455556666',
      region: 'eu-west-3',
      instanceId: 'i-0a1b2c3d4e5f60718',
      volumes: [
        { volumeId: 'vol-0d5a9c3e1f2b47a60', device: '/dev/xvda' },
        { volumeId: 'vol-07c1e8b94a3d2f516', device: '/dev/sdf' },
      ],
      frozenSnapshots: [
        { snapshotId: 'snap-04e7a1c9d3b5f2860', volumeId: 'vol-0d5a9c3e1f2b47a60', encrypted: true },
        { snapshotId: 'snap-0f93b6d28c1a7e504', volumeId: 'vol-07c1e8b94a3d2f516', encrypted: true },
      ],
    });
  });

  it('claims no source where the machine was not found', () => {
    const { source } = manifestOf({ report: diagnosed, documents, stored: [], custodyEntries });
    expect(source).toEqual({ accountId: null, region: null, instanceId: null, volumes: [], frozenSnapshots: [] });
  });

  it('lists every artefact as the report has it', () => {
    expect(manifest.artefacts).toEqual(preserved.artefacts);
  });

  it('sizes documents in bytes of UTF-8, and hashes those bytes', () => {
    const utf8 = Buffer.from('{"name":"Zoë"}\n', 'utf8');
    const sha256 = createHash('sha256').update(utf8).digest('hex');
    expect(manifest.documents[0]).toEqual({ path: 'report.json', bytes: 16, sha256 });
    expect(manifest.documents.map(({ path }) => path)).toEqual(['report.json', 'report.html', 'custody.jsonl']);
  });

  it('holds the head of the custody log', () => {
    expect(manifest.custody).toEqual({ entries: 3, head: custodyHead(custodyEntries) });
  });

  it('is the same when it is made again', () => {
    expect(manifestOf({ report: preserved, documents, stored: [], custodyEntries })).toEqual(manifest);
  });
});

describe('manifestJson', () => {
  it.each([preserved, byHand, diagnosed, dryRun])('reads back as the manifest it was: $verdict', (report) => {
    const made = manifestOf({ report, documents, stored: [], custodyEntries });
    expect(Manifest.parse(JSON.parse(manifestJson(made)))).toEqual(made);
  });

  it('is written with two spaces and a final newline', () => {
    expect(manifestJson(manifest)).toMatch(/^\{\n {2}"caseId": "case-[\s\S]*\n\}\n$/);
  });
});
