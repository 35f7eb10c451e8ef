import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { chainToCommand } from '#local/account/call-chain';
import { leadClientsTo } from '#local/account/clients';
import { type EmbeddedAccount, embeddedAccount } from '#local/account/embedded-account';
import { loadScenario } from '#local/scenario/loading';
import type { Scenario } from '#local/scenario/scenario';
import { stageOf } from '#local/scenario/stage';
import type { Artefact } from '#shared/case/case';
import type { CaseReport } from '#shared/case/report';
import { headlineOf, proofInWords, visibleDiff } from '#shared/permission/in-words';
import type { PermissionReport } from '#shared/permission/report';
import type { SweepReport, SweptThing } from '#shared/sweep/report';
import { type Compared, comparedIn, tellAgreement } from './agreement.ts';
import { type Command, type Output, readWords, stringOption } from './options.ts';
import { tellTimeline } from './timeline.ts';

/** The most AWS calls that may stand in sequence between a refusal and the collector on its way. */
export const CALLS_IN_SEQUENCE = 6;

/** What a drill came to, for programs. */
export interface DrillAnswer {
  readonly scenario: string;
  readonly cases: readonly {
    readonly caseId: string;
    readonly verdict: CaseReport['verdict'];
    readonly cause: string | null;
    readonly folder: string;
    readonly callsInSequence: number | null;
  }[];
  /** What became of response roles' one-time permission, in the order in which it was told. */
  readonly permissions: readonly {
    readonly caseId: string;
    readonly verdict: PermissionReport['verdict'];
    readonly roleName: string;
    readonly folder: string;
  }[];
  readonly deadLetters: number;
  /** Verdicts of readiness beside what AWS answered, where acquisitions were tried. */
  readonly readiness: readonly Compared[];
}

/** Copies the evidence bucket into a folder; a key cannot lead out of it. */
const download = (account: EmbeddedAccount, folder: string): void => {
  for (const [key, body] of account.store.latest()) {
    const [bucket, top, ...path] = key.split('/');
    if (bucket !== account.bucket || (top !== 'cases' && top !== 'readiness')) continue;
    const file = resolve(folder, ...(top === 'cases' ? path : [top, ...path]));
    if (!file.startsWith(resolve(folder) + sep)) throw new Error(`the key \`${key}\` leads out of the folder`);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, body);
  }
};

const isReport = (value: unknown): value is CaseReport =>
  typeof value === 'object' && value !== null && 'caseId' in value && 'verdict' in value;

const reportsIn = (account: EmbeddedAccount): CaseReport[] =>
  [...account.store.latest()].flatMap(([key, body]) => {
    if (!key.endsWith('/report.json')) return [];
    const report: unknown = JSON.parse(body.toString());
    return isReport(report) ? [report] : [];
  });

const isSweep = (value: unknown): value is SweepReport =>
  typeof value === 'object' && value !== null && 'removed' in value && 'reported' in value;

const sweepsIn = (account: EmbeddedAccount): SweepReport[] =>
  [...account.store.latest()].flatMap(([key, body]) => {
    if (!key.endsWith('/sweep.json')) return [];
    const report: unknown = JSON.parse(body.toString());
    return isSweep(report) ? [report] : [];
  });

const tellSweep = (output: Output, { at, removed, kept, reported, failed }: SweepReport): void => {
  output.say(`\nsweep of ${at}: ${kept.length} things stay`);
  const tell = (word: string, things: readonly SweptThing[]) => {
    for (const { kind, id, because, undo } of things)
      output.say(`  ${word.padEnd(10)} ${kind} ${id}: ${because}${undo === null ? '' : `; to call it off: ${undo}`}`);
  };
  tell('removed', removed);
  tell('to see to', reported);
  tell('failed', failed);
};

const isPermission = (value: unknown): value is PermissionReport =>
  typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'permission';

const permissionsIn = (account: EmbeddedAccount): PermissionReport[] =>
  [...account.store.latest()]
    .flatMap(([key, body]) => {
      if (!key.endsWith('/permission-report.json')) return [];
      const report: unknown = JSON.parse(body.toString());
      return isPermission(report) ? [report] : [];
    })
    .sort((a, b) => a.openedAt.localeCompare(b.openedAt));

const tellPermission = (output: Output, report: PermissionReport, folder: string): void => {
  output.say(`\npermission ${report.caseId}`);
  const rows: [string, string][] = [
    ['verdict', headlineOf(report)],
    ['why', report.because],
    ...proofInWords(report).map((line): [string, string] => ['proof', line]),
    ...report.todo.map((task): [string, string] => ['to do', task]),
    ['evidence', `${folder}${sep}permission-report.html`],
  ];
  for (const [name, text] of rows) output.say(`  ${name.padEnd(10)} ${text}`);
  for (const { diff } of report.edits) for (const line of visibleDiff(diff).split('\n')) output.say(`    ${line}`);
};

const HEADLINES = {
  preserved: 'evidence preserved',
  'by-hand': 'a person must collect; the instructions are written',
  diagnosed: 'refusal diagnosed; the machine was not found',
  planned: 'a dry run changed nothing',
} as const satisfies Record<CaseReport['verdict'], string>;

const FORESEEN = 'a finding; KMS would refuse the acquisition, and nobody has tried it yet';

const kibibytes = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KiB`;

const preserved = (artefact: Artefact): string => {
  if (artefact.kind === 'triage-archive')
    return `${artefact.path}, ${kibibytes(artefact.bytes)}, SHA-256 ${artefact.sha256}`;
  const { snapshotId, volumeId, sizeGiB, accountId, keyArn } = artefact.copy;
  const under = keyArn === null ? 'not encrypted' : `under ${keyArn}`;
  return `${snapshotId}, a copy of ${volumeId}, ${sizeGiB} GiB, ${under}, in account ${accountId}; ${artefact.path}`;
};

const tellCase = (output: Output, report: CaseReport, folder: string, calls: number | null): void => {
  const { diagnosis, freeze, artefacts, todo } = report;
  const rows: [string, string][] = [
    ['verdict', report.finding !== null && report.verdict === 'planned' ? FORESEEN : HEADLINES[report.verdict]],
    ...(diagnosis === null ? [] : [['why', diagnosis.explanation] satisfies [string, string]]),
    ['frozen', freeze.frozen ? freeze.snapshots.map(({ snapshotId }) => snapshotId).join(', ') : freeze.because],
    ...artefacts.map((artefact): [string, string] => ['preserved', preserved(artefact)]),
    ...todo.map((task): [string, string] => ['to do', task]),
    ...(calls === null
      ? []
      : [
          [
            'speed',
            `${calls} AWS calls in sequence from the refusal to SendCommand (at most ${CALLS_IN_SEQUENCE})`,
          ] satisfies [string, string],
        ]),
    ['evidence', `${folder}${sep}report.html`],
  ];
  output.say(`\ncase ${report.caseId}`);
  for (const [name, text] of rows) output.say(`  ${name.padEnd(10)} ${text}`);
};

const run = async (account: EmbeddedAccount, scenario: Scenario, out: string, output: Output): Promise<DrillAnswer> => {
  output.say(`${scenario.name}: ${scenario.about}\n`);
  const stage = stageOf(account, scenario);
  const timeline = tellTimeline(account, output);
  await stage.acquire(timeline.platform);
  await account.ground.settle();

  const cases = reportsIn(account).map((report) => {
    const folder = join(out, report.caseId);
    rmSync(folder, { recursive: true, force: true });
    const execution = account.lambda.executions
      .all()
      .find(({ result }) => isReport(result) && result.caseId === report.caseId);
    const chain = chainToCommand(account.calls, execution?.name ?? '');
    // The way from a finding leads over readiness: it is no way from a refusal.
    return { report, folder, calls: chain.length === 0 || report.finding !== null ? null : chain.length };
  });
  download(account, out);
  for (const { report, folder, calls } of cases)
    tellCase(output, report, relative(process.cwd(), folder) || folder, calls);
  const permissions = permissionsIn(account).map((report) => ({ report, folder: join(out, report.caseId) }));
  for (const { report, folder } of permissions)
    tellPermission(output, report, relative(process.cwd(), folder) || folder);
  const compared = comparedIn(account, stage.tried);
  if (compared.length > 0) tellAgreement(output, compared);
  for (const swept of sweepsIn(account)) tellSweep(output, swept);
  const { events, heeded } = timeline.counts();
  output.say(
    `\n${events} events, ${heeded} taken by a rule, ${cases.length} case${cases.length === 1 ? '' : 's'}, ${account.lambda.deadLetters.length} dead letters`,
  );
  return {
    scenario: scenario.name,
    cases: cases.map(({ report, folder, calls }) => ({
      caseId: report.caseId,
      verdict: report.verdict,
      cause: report.diagnosis?.cause ?? null,
      folder,
      callsInSequence: calls,
    })),
    permissions: permissions.map(({ report: { caseId, verdict, roleName }, folder }) => ({
      caseId,
      verdict,
      roleName,
      folder,
    })),
    deadLetters: account.lambda.deadLetters.length,
    readiness: compared,
  };
};

/**
 * `drill [--scenario FILE|NAME] [--out DIR] [--json]`: the scenario's platform tries to acquire, KMS refuses, events flow
 * through the template's rules, and the functions react. Writes each case's evidence below DIR. Exit 0 where each refusal
 * became a case that closed, 1 where none did, an event was lost, or readiness had said something else.
 */
export const drill: Command = async (args, output) => {
  const words = readWords(args, ['scenario', 'out'], ['json']);
  const scenario = loadScenario(stringOption(words, 'scenario', 'custom-key-denied'));
  const out = stringOption(words, 'out', 'out');
  const account = await embeddedAccount({ ...scenario.unlatch, parameters: scenario.parameters });
  const restore = leadClientsTo(account);
  try {
    const answer = await run(account, scenario, out, output);
    if (words.options.json === true) output.answer(answer);
    const asForeseen = answer.readiness.every(({ agrees }) => agrees !== false);
    const ended = answer.cases.length + answer.permissions.length;
    return ended > 0 && answer.deadLetters === 0 && asForeseen ? 0 : 1;
  } finally {
    restore();
    await account.close();
  }
};
