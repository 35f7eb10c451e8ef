import { createHash } from 'node:crypto';
import type { Log, ReportingDescriptor, Result } from 'sarif';
import { type Finding, type Lint, RULES } from '#shared/policy/lint/lint';
import { VERSION } from '#shared/version';
import type { PolicyFile } from './policy-file.ts';

/** A policy with what was found in it. */
export interface LintedFile {
  readonly source: PolicyFile;
  readonly lint: Lint;
}

const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';

const descriptors: ReportingDescriptor[] = RULES.map(({ id, severity, title, reason, source }) => ({
  id,
  shortDescription: { text: title },
  fullDescription: { text: reason },
  help: { text: `${reason} Source: ${source}` },
  ...(source.startsWith('https://') ? { helpUri: source } : {}),
  defaultConfiguration: { level: severity },
}));

/** SARIF names files by URI references; each part of a path is escaped for itself. */
const uriOf = (file: string): string => {
  const path = file.split('/').map(encodeURIComponent).join('/');
  return file.startsWith('/') ? `file://${path}` : path;
};

/** The same finding in the next run, also where the statement has moved. */
const fingerprintOf = (file: string, { rule, sid, statement, message }: Finding): string =>
  createHash('sha256')
    .update(JSON.stringify([file, rule, sid ?? statement, message]))
    .digest('hex');

const resultOf = ({ file, linesOf }: PolicyFile, finding: Finding): Result => {
  const { rule, severity, statement, message } = finding;
  const { start, end } = linesOf(statement);
  return {
    ruleId: rule,
    ruleIndex: RULES.findIndex(({ id }) => id === rule),
    level: severity,
    message: { text: message },
    locations: [
      {
        physicalLocation: { artifactLocation: { uri: uriOf(file) }, region: { startLine: start, endLine: end } },
        ...(statement === null
          ? {}
          : { logicalLocations: [{ fullyQualifiedName: `Statement[${statement}]`, kind: 'element' }] }),
      },
    ],
    partialFingerprints: { 'unlatch/v1': fingerprintOf(file, finding) },
  };
};

/** The findings in SARIF 2.1.0. https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html */
export const sarifOf = (files: readonly LintedFile[]): Log => ({
  $schema: SCHEMA,
  version: '2.1.0',
  runs: [
    {
      tool: { driver: { name: 'unlatch', version: VERSION, rules: descriptors } },
      artifacts: files.map(({ source }) => ({ location: { uri: uriOf(source.file) } })),
      results: files.flatMap(({ source, lint }) => lint.findings.map((finding) => resultOf(source, finding))),
    },
  ],
});
