import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadTemplate, takingRules } from '#local/template/template';
import { parseRequest } from '#shared/case/request';
import { parsePermissionRequest } from '#shared/permission/apply/request';
import { parseReadinessRequest } from '#shared/readiness/request';
import { parseLaneRequest } from '#shared/route/unencrypted-copy/lane-request';
import { readFinding } from '#shared/signal/finding';
import { readSignal } from '#shared/signal/read-signal';
import { readSuccess } from '#shared/signal/success';
import { parseSweepRequest } from '#shared/sweep/request';

const at = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const eventAt = (path: string): object => JSON.parse(readFileSync(at(`events/${path}`), 'utf8'));
const filesIn = (pattern: string) => globSync(pattern, { cwd: at('events') }).sort();

const template = loadTemplate(at('template.yaml'));
const environment = template.functions.find(({ folder }) => folder === 'observe')?.environment ?? {};
const watch = {
  responseRole: environment.RESPONSE_ROLE ?? '',
  ownRoles: environment.OWN_ROLES?.split(',') ?? [],
  keyAliasPrefix: environment.KEY_ALIAS_PREFIX ?? '',
};

/** What each sample comes to. `layer` is `-` where the sample tells of no refusal. */
interface Row {
  readonly file: string;
  readonly rule: string;
  readonly kind: 'call' | 'denial' | 'outcome' | 'success';
  readonly action: string | null;
  readonly layer: string | null;
  readonly explicit: boolean;
}

const table: readonly Row[] = `
aws.ec2/attach-volume-refused.json                            | AcquisitionCalled | call    | null                               | null                    | false
aws.ec2/copy-snapshot-refused.json                            | AcquisitionCalled | call    | kms:DescribeKey                    | null                    | false
aws.ec2/copy-snapshot-under-disabled-key.json                 | AcquisitionCalled | call    | null                               | key-state               | false
aws.ec2/copy-snapshot.json                                    | AcquisitionCalled | call    | null                               | -                       | false
aws.ec2/copy-volumes.json                                     | AcquisitionCalled | call    | null                               | -                       | false
aws.ec2/create-snapshot.json                                  | AcquisitionCalled | call    | null                               | -                       | false
aws.ec2/create-snapshots.json                                 | AcquisitionCalled | call    | null                               | -                       | false
aws.ec2/create-volume-not-authorized.json                     | AcquisitionCalled | call    | null                               | -                       | false
aws.ec2/create-volume.json                                    | AcquisitionCalled | call    | null                               | -                       | false
aws.ec2/ebs-attach-volume-failed.json                         | EbsFailed         | outcome | null                               | key-state               | false
aws.ec2/ebs-copy-snapshot-failed.json                         | EbsFailed         | outcome | null                               | null                    | false
aws.ec2/ebs-copy-snapshot-succeeded.json                      | EbsSucceeded      | outcome | null                               | -                       | false
aws.ec2/ebs-create-snapshots-failed.json                      | EbsFailed         | outcome | null                               | -                       | false
aws.ec2/ebs-create-volume-available.json                      | EbsSucceeded      | outcome | null                               | -                       | false
aws.ec2/ebs-create-volume-failed-on-source-key.json           | EbsFailed         | outcome | kms:ReEncryptFrom                  | key-policy              | false
aws.ec2/ebs-create-volume-failed-with-disabled-key.json       | EbsFailed         | outcome | null                               | key-state               | false
aws.ec2/ebs-create-volume-failed.json                         | EbsFailed         | outcome | kms:CreateGrant                    | key-policy              | false
aws.ec2/instance-terminated.json                              | InstanceEnded     | outcome | null                               | -                       | false
aws.ec2/modify-snapshot-attribute-under-default-key.json      | AcquisitionCalled | call    | ec2:ModifySnapshotAttribute        | key-policy              | false
aws.ec2/modify-snapshot-attribute.json                        | AcquisitionCalled | call    | null                               | -                       | false
aws.ec2/run-instances.json                                    | AcquisitionCalled | call    | null                               | -                       | false
aws.ec2/start-instances.json                                  | AcquisitionCalled | call    | null                               | -                       | false
aws.kms/create-alias-of-temporary-key.json                    | KeyMadeOrEnded    | success | null                               | -                       | false
aws.kms/create-grant-denied-by-endpoint-policy.json           | KmsRefused        | denial  | kms:CreateGrant                    | vpc-endpoint-policy     | false
aws.kms/create-grant-denied-by-service-control-policy.json    | KmsRefused        | denial  | kms:CreateGrant                    | service-control-policy  | true
aws.kms/create-grant-not-allowed-by-boundary.json             | KmsRefused        | denial  | kms:CreateGrant                    | permissions-boundary    | false
aws.kms/create-grant-not-allowed-by-key-policy.json           | KmsRefused        | denial  | kms:CreateGrant                    | key-policy              | false
aws.kms/create-grant-on-source-key-of-a-copy.json             | KmsRefused        | denial  | kms:CreateGrant                    | key-policy              | false
aws.kms/create-grant-with-key-pending-deletion.json           | KmsRefused        | denial  | kms:CreateGrant                    | key-state               | false
aws.kms/decrypt-by-ebs-direct.json                            | KmsRefused        | denial  | kms:Decrypt                        | session-policy          | false
aws.kms/decrypt-denied-by-resource-control-policy.json        | KmsRefused        | denial  | kms:Decrypt                        | resource-control-policy | true
aws.kms/decrypt-in-legacy-words.json                          | KmsRefused        | denial  | kms:Decrypt                        | null                    | false
aws.kms/decrypt-with-disabled-key.json                        | KmsRefused        | denial  | kms:Decrypt                        | key-state               | false
aws.kms/describe-key-in-opaque-words.json                     | KmsRefused        | denial  | kms:DescribeKey                    | null                    | false
aws.kms/describe-key-that-does-not-exist.json                 | KmsRefused        | denial  | kms:DescribeKey                    | key-state               | false
aws.kms/generate-data-key-not-allowed-by-identity-policy.json | KmsRefused        | denial  | kms:GenerateDataKeyWithoutPlaintext | identity-policy        | false
aws.kms/re-encrypt-from-not-allowed.json                      | KmsRefused        | denial  | kms:ReEncryptFrom                  | key-policy              | false
aws.kms/re-encrypt-to-denied-by-session-policy.json           | KmsRefused        | denial  | kms:ReEncryptTo                    | session-policy          | true
aws.kms/schedule-key-deletion.json                            | KeyMadeOrEnded    | success | null                               | -                       | false
unlatch/case-closed.json                                      | HandedOver        | success | null                               | -                       | false
`
  .trim()
  .split('\n')
  .map((line) => {
    const [file = '', rule = '', kind = '', action = '', layer = '', explicit = ''] = line
      .split('|')
      .map((part) => part.trim());
    return {
      file,
      rule,
      kind: kind === 'call' || kind === 'outcome' || kind === 'success' ? kind : 'denial',
      action: action === 'null' ? null : action,
      layer: layer === 'null' ? null : layer,
      explicit: explicit === 'true',
    };
  });

/** What each finding comes to: the machines and volumes that it names, or why it is left alone. */
const findings = [
  { file: 'aws.guardduty/by-delegated-administrator.json', instances: 1, volumes: 0, ignored: null },
  { file: 'aws.guardduty/command-and-control.json', instances: 1, volumes: 0, ignored: null },
  { file: 'aws.guardduty/group-of-instances.json', instances: 2, volumes: 0, ignored: null },
  { file: 'aws.guardduty/low-severity.json', instances: 0, volumes: 0, ignored: 'its severity, 2, is below 7' },
  { file: 'aws.guardduty/malware-with-skipped-volume.json', instances: 1, volumes: 2, ignored: null },
  { file: 'aws.guardduty/sample.json', instances: 0, volumes: 0, ignored: 'it is a sample finding' },
] as const;

describe('findings', () => {
  it.each(findings)('$file is taken by the rule of findings alone', ({ file, instances, volumes, ignored }) => {
    const event = eventAt(file);
    expect(takingRules(template, event).map(({ name }) => name)).toEqual(['FindingFunctionGuardDutyFound']);
    const reading = readFinding(event, { severity: 7, types: [] });
    const finding = 'finding' in reading ? reading.finding : { instances: [], volumes: [] };
    expect({
      instances: finding.instances.length,
      volumes: finding.volumes.length,
      ignored: 'ignored' in reading ? reading.ignored : null,
    }).toEqual({ instances, volumes, ignored });
  });
});

describe('sample events', () => {
  it('are all in the table, and the table lists no other', () => {
    const listed = [...table.map(({ file }) => file), ...findings.map(({ file }) => file)];
    expect(listed.sort()).toEqual(filesIn('{aws.*,unlatch}/**/*.json'));
  });

  it('stand in folders named after their source', () => {
    for (const { file } of [...table, ...findings]) expect(eventAt(file)).toMatchObject({ source: file.split('/')[0] });
  });

  it.each(table)('$file is taken by $rule alone, as a signal: $kind $layer', ({ file, rule, ...facts }) => {
    const event = eventAt(file);
    expect(takingRules(template, event).map(({ name }) => name)).toEqual([`ObserveFunction${rule}`]);
    const reading = readSignal(event, watch);
    const signal = 'signal' in reading ? reading.signal : null;
    const { action = null, layer = '-', explicit = false } = signal?.denial ?? {};
    const kind = signal?.kind ?? (readSuccess(event, watch) === null ? null : 'success');
    expect({ kind, action, layer, explicit }).toEqual(facts);
  });

  it('the close of a case is taken from this account alone: any other that may put events could forge it', () => {
    expect(takingRules(template, { ...eventAt('unlatch/case-closed.json'), account: '444455556666' })).toEqual([]);
  });

  it.each(template.rules.map(({ name }) => ({ name })))('$name has a sample', ({ name }) => {
    const taken = [...table.map(({ rule }) => `ObserveFunction${rule}`), 'FindingFunctionGuardDutyFound'];
    expect(taken).toContain(name);
  });
});

describe('requests by hand', () => {
  it('have a sample', () => {
    expect(filesIn('by-hand/*.json')).toEqual([
      'by-hand/dry-run.json',
      'by-hand/start-a-case.json',
      'by-hand/with-volumes.json',
    ]);
  });

  it.each(filesIn('copy-blocks/*.json'))('%s is a request for a lane, read as it stands', (file) => {
    expect(parseLaneRequest(eventAt(file))).toEqual(eventAt(file));
  });

  it.each(filesIn('retire-permission/*.json'))('%s is a request for a permission, read as it stands', (file) => {
    expect(parsePermissionRequest(eventAt(file))).toEqual(eventAt(file));
  });

  it.each(filesIn('readiness/*.json'))('%s is asked of readiness, read as it stands', (file) => {
    expect(parseReadinessRequest(eventAt(file))).toMatchObject(eventAt(file));
  });

  it.each(filesIn('sweep/*.json'))('%s starts a sweep', (file) => {
    expect(parseSweepRequest(eventAt(file))).toEqual({ dryRun: file === 'sweep/dry-run.json' });
  });

  it.each(filesIn('by-hand/*.json'))('%s is a request, read as it stands', (file) => {
    expect(parseRequest(eventAt(file))).toEqual(eventAt(file));
  });

  it('and every sample stands in one of these folders', () => {
    const others = filesIn('{by-hand,copy-blocks,readiness,retire-permission,sweep}/*.json').length;
    expect(filesIn('**/*.json')).toHaveLength(table.length + findings.length + others);
  });
});
