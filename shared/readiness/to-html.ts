import { type Html, html, prose, visible } from '#shared/evidence/escape';
import { page } from '#shared/evidence/page';
import { timeInWords } from '#shared/evidence/report-words';
import { causesOf, summaryLines } from './assembly.ts';
import { NO_VOLUME } from './entries.ts';
import { PAGE_SCRIPT } from './page-script.ts';
import { PAGE_STYLE } from './page-style.ts';
import type { Counts, HealthCheck, ReadinessReport } from './report.ts';
import { STEPS, type StepName } from './ways.ts';

const STEP_TITLES: Readonly<Record<StepName, string>> = {
  snapshot: 'Snapshot',
  'temporary-key': 'Temp. key',
  're-encrypt': 'Re-encrypt',
  share: 'Share',
  copy: 'Copy',
  volume: 'Volume',
  attach: 'Attach',
};

const SIGNS: Readonly<Record<HealthCheck['result'], string>> = { good: '✓', bad: '✕', note: '·', unknown: '?' };
const HEALTH_ORDER: readonly HealthCheck['result'][] = ['bad', 'unknown', 'note', 'good'];

const VERDICTS = ['refused', 'undetermined', 'ready'] as const;

const share = (counts: Counts): Html => {
  const total = Math.max(1, counts.ready + counts.refused + counts.undetermined);
  return html`<div class="share" role="img" aria-label="${`${counts.refused} refused, ${counts.undetermined} undetermined, ${counts.ready} ready`}">${VERDICTS.filter(
    (verdict) => counts[verdict] > 0,
  ).map((verdict) => html`<span class="${verdict}" data-grow="${counts[verdict] / total}"></span>`)}</div>`;
};

const verdictButtons = (counts: Counts): readonly Html[] =>
  VERDICTS.map(
    (verdict) =>
      html`<button type="button" data-verdict="${verdict}" aria-pressed="true"><b>${counts[verdict]}</b> ${verdict}</button>`,
  );

const causes = (report: ReadinessReport): Html | null => {
  const found = causesOf(report);
  const [[, most] = ['', 1]] = found;
  if (found.length === 0) return null;
  return html`<section><h2>What stands in the way</h2>
<ul class="causes">${found.map(
    ([cause, count]) =>
      html`<li><button type="button" data-cause="${cause}" aria-pressed="false" data-share="${Math.round((count * 100) / most)}"><span>${cause}</span><span>${count}</span></button></li>`,
  )}</ul></section>`;
};

const healthSection = (health: readonly HealthCheck[]): Html | null => {
  if (health.length === 0) return null;
  const sorted = HEALTH_ORDER.flatMap((result) => health.filter((one) => one.result === result));
  return html`<section><h2>The platform itself</h2>
<ul class="health">${sorted.map(
    ({ check, result, found, remedy }) =>
      html`<li class="${result}"><span class="sign" aria-label="${result}">${SIGNS[result]}</span><span>${check}</span><span>${prose(found)}${remedy === null ? null : html` <span class="quiet">${prose(remedy)}</span>`}</span></li>`,
  )}</ul></section>`;
};

const matrix = (): Html => html`<section><h2>Machines by step</h2>
<div class="tools"><label for="text">Filter</label><input id="text" type="search" placeholder="name, id, account, key, alias, tag" autocomplete="off" spellcheck="false">
<label for="account">Account</label><select id="account"><option value="">all</option></select><span id="count" class="quiet" role="status"></span></div>
<div class="scroll"><table><thead><tr><th scope="col">Machine</th><th scope="col">Where</th>${STEPS.map(
  (step) => html`<th scope="col" class="step">${STEP_TITLES[step]}</th>`,
)}<th scope="col" class="step first-route">Triage</th><th scope="col" class="step">Copy by Unlatch</th></tr></thead><tbody id="rows"></tbody></table></div>
<p class="more"><button type="button" id="more" hidden>Show more</button></p>
<noscript><p>The matrix is drawn by a script in this page. <code>readiness.csv</code> holds the same.</p></noscript></section>`;

const notes = ({ unread, assumed }: ReadinessReport): Html => html`<section><h2>Read with this in mind</h2>
<ul>${unread.map((text) => html`<li>Not read: ${prose(text)}</li>`)}${assumed.map((text) => html`<li>${prose(text)}</li>`)}</ul></section>`;

/** JSON within a page: nothing in it can end the element, and what cannot be seen has a name, in keys as in values. */
const embedded = (value: unknown): string =>
  visible(JSON.stringify(value)).replace(
    /[<>&]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** Why nothing is certain of a machine, beside what its outlooks say. */
const unmetIn = (volumes: ReadinessReport['rows'][number]['volumes'], places: ReadonlyMap<string, number>) => {
  if (volumes.length === 0) return NO_VOLUME;
  const unexamined = volumes.filter(({ situation }) => !places.has(situation)).map(({ volumeId }) => volumeId);
  return unexamined.length === 0 ? null : `${unexamined.join(', ')} could not be examined`;
};

/** What the script draws from: an outlook is named by its place. */
const dataOf = ({ outlooks, rows }: ReadinessReport) => {
  const places = new Map(outlooks.map(({ id }, at) => [id, at]));
  return {
    steps: STEPS,
    outlooks: outlooks.map(({ keyArn, encrypted, aliases, way, verdict, steps, refusals, missing, lint, copy }) => {
      const told = refusals.map(({ cause, explanation, fixes }) => ({ cause, explanation, fixes }));
      return { keyArn, encrypted, aliases, way, verdict, steps, refusals: told, missing, lint, copy };
    }),
    rows: rows.map(({ volumes, ...row }) => ({
      ...row,
      unmet: unmetIn(volumes, places),
      volumes: volumes.map(({ volumeId, device, situation }) => ({
        volumeId,
        device,
        outlook: places.get(situation) ?? -1,
      })),
    })),
  };
};

/** Readiness as one self-contained page: it loads nothing, and works from a disk. */
export const readinessHtml = (report: ReadinessReport): string => {
  const [headline = ''] = summaryLines(report);
  const { runId, startedAt, scope, machines, platform, tool } = report;
  const body = html`<body>
<header><p class="kicker"><b>Unlatch readiness</b> <code>${runId}</code> · ${timeInWords(startedAt)}</p>
<h1>${headline}</h1>
${share(machines)}
<div class="verdicts">${verdictButtons(machines)}</div></header>
<main>
${causes(report)}
${matrix()}
${healthSection(report.health)}
${notes(report)}
</main>
<footer><p>Looked at ${prose(scope)}. The platform works in account <code>${platform.accountId}</code>, ${platform.region}, ${
    platform.keyArn === null ? 'under a key that is not known' : html`under <code>${platform.keyArn}</code>`
  }.</p><p>${tool.name} ${tool.version}. Each step is decided from the policies as they were read; nothing was changed.</p></footer>
<script type="application/json" id="data">`;
  return page({
    title: `${headline} · ${runId}`,
    style: PAGE_STYLE,
    script: PAGE_SCRIPT,
    body: `${body}${embedded(dataOf(report))}</script>`,
  });
};
