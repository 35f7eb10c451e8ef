import type { CaseReport } from '#shared/case/report';
import { byPlace, type FixPlace } from '#shared/diagnosis/fix-places';
import { LAYER_WORDS, SAYING_WORDS } from '#shared/diagnosis/layer-words';
import type { Saying } from '#shared/policy/trace';
import type { Denial } from '#shared/signal/signal';
import { type Html, html, prose } from './escape.ts';
import {
  exactBytes,
  explicitness,
  MOMENT_WORDS,
  RESULT_WORDS,
  ROUTE_WORDS,
  routeInSentence,
  sizeInWords,
  spanInWords,
  timeInWords,
} from './report-words.ts';

/** The sections of the report, in the order in which a responder needs them. Every value goes through `html`. */

type Row = readonly [name: string, value: Html | null];

/** Names and values; what is not known is left out. */
const facts = (rows: readonly Row[]): Html =>
  html`<dl class="facts">${rows.flatMap(([name, value]) =>
    value === null ? [] : [html`<div><dt>${name}</dt><dd>${value}</dd></div>`],
  )}</dl>`;

const code = (text: string | null): Html | null => (text === null ? null : html`<code>${text}</code>`);
const words = (text: string | null): Html | null => (text === null ? null : html`${text}`);
const bullets = (items: readonly string[]): Html =>
  html`<ul>${items.map((item) => html`<li>${prose(item)}</li>`)}</ul>`;
const steps = (items: readonly string[]): Html => html`<ol>${items.map((item) => html`<li>${prose(item)}</li>`)}</ol>`;

export const targetSection = ({ location }: CaseReport): Html => {
  if (!location.found) {
    return html`<section class="target"><h2>The target</h2><p>Not found: ${prose(location.because)}</p></section>`;
  }
  const { accountId, region, instanceId, name, volumes, state, platform, privateIp, publicIp } = location.target;
  const disks = volumes.map(
    ({ volumeId, device }) =>
      html`<li><code>${volumeId}</code>${device === null ? null : html` <small>${device}</small>`}</li>`,
  );
  return html`<section class="target"><h2>The target</h2>${facts([
    ['Account', code(accountId)],
    ['Region', code(region)],
    ['Instance', code(instanceId)],
    ['Name', words(name)],
    ['State', words(instanceId === null ? null : state)],
    ['Platform', words(platform === 'unknown' ? null : platform)],
    ['Private address', code(privateIp)],
    ['Public address', code(publicIp)],
    ['Volumes', disks.length === 0 ? html`none known` : html`<ul class="plain">${disks}</ul>`],
  ])}</section>`;
};

export const todoSection = ({ todo, instructions }: CaseReport): Html => {
  const nothing = todo.length === 0 && instructions === null;
  return html`<section class="now"><h2>What you must do now</h2>${
    nothing ? html`<p>Nothing: this case asks nothing more of you.</p>` : null
  }${todo.length === 0 ? null : steps(todo)}${
    instructions === null ? null : html`<h3>${prose(instructions.title)}</h3>${steps(instructions.steps)}`
  }</section>`;
};

const station = ({
  layer,
  said,
  statement,
}: Saying): Html => html`<li class="${layer} ${said}"><strong>${LAYER_WORDS[layer]}</strong>
<span>${SAYING_WORDS[said]}</span>${
  statement === null
    ? null
    : html`<small>${statement.sid ?? `statement ${statement.index}`}, ${statement.policy}</small>`
}</li>`;

/** The way of the request through the layers, in order: which allowed, which refused, which is unknown. */
const authorizationPath = (trace: readonly Saying[]): Html | null =>
  trace.length === 0 ? null : html`<h3>The way through the policies</h3><ol class="path">${trace.map(station)}</ol>`;

const fixItem = ({ layer, target, note, verified, statements }: FixPlace): Html => html`<li>
<p>${prose(note)}</p>
${facts([
  ['Where', html`${LAYER_WORDS[layer]}, <code>${target}</code>`],
  ['Verified', words(verified ? 'yes: tried on a copy of the policies' : 'no')],
])}
${statements.map((statement) => html`<pre>${JSON.stringify(statement, null, 2)}</pre>`)}</li>`;

const denialCard = (denial: Denial): Html =>
  html`<article class="denial">${facts([
    ['Action', code(denial.action) ?? html`not named`],
    ['Key', code(denial.keyArn) ?? html`not named by AWS`],
    ['Principal', code(denial.principal) ?? html`not named`],
    ['Policy', code(denial.policyArn)],
    ['Called by', code(denial.via)],
    ['Refused at', words(denial.time === null ? null : timeInWords(denial.time))],
    ['Seen in', html`<code>${denial.accountId}</code>, <code>${denial.region}</code>`],
    ['Request', code(denial.requestId)],
  ])}<details><summary>AWS’s own words</summary><pre>${denial.message}</pre></details></article>`;

const denialList = ([first, ...rest]: readonly Denial[]): Html | null => {
  if (first === undefined) return null;
  const others = `${rest.length} more refusal${rest.length === 1 ? '' : 's'} in this case`;
  return html`<h3>The refusal as AWS reported it</h3>${denialCard(first)}${
    rest.length === 0 ? null : html`<details><summary>${others}</summary>${rest.map(denialCard)}</details>`
  }`;
};

/** Why there is a case at all, where nobody has been refused yet. */
export const findingSection = ({ finding }: CaseReport): Html | null =>
  finding === null
    ? null
    : html`<section><h2>What was found</h2>${facts([
        ['Finding', words(finding.type)],
        ['Severity', words(String(finding.severity))],
        ['Title', words(finding.title === '' ? null : finding.title)],
        ['Updated', words(timeInWords(finding.updatedAt))],
        ['Id', code(finding.id)],
        [
          'Not scanned',
          finding.unscanned.length === 0
            ? null
            : html`${finding.unscanned.join(', ')}: GuardDuty could not look into it`,
        ],
      ])}</section>`;

export const refusalSection = ({ diagnosis, denials, finding }: CaseReport): Html => {
  const opening =
    denials.length === 0
      ? html`<p>Nothing was refused before this case: ${finding === null ? 'it was opened by hand' : 'a finding opened it'}.</p>`
      : null;
  if (diagnosis === null) {
    return html`<section><h2>What was refused, and why</h2>${
      opening ?? html`<p>The refusal was not diagnosed.</p>`
    }${denialList(denials)}</section>`;
  }
  const { decision, cause, layer, explanation, missing, fixes, trace } = diagnosis;
  return html`<section><h2>What was refused, and why</h2>${opening}<p class="lead">${prose(explanation)}</p>${facts([
    ['Decision', words(decision)],
    ['Cause', code(cause)],
    ['Layer', words(layer === null ? 'not known' : LAYER_WORDS[layer])],
    ['Explicit or implicit', words(explicitness(diagnosis))],
  ])}${authorizationPath(trace)}${
    missing.length === 0 ? null : html`<h3>What is missing for a sure answer</h3>${bullets(missing)}`
  }${denialList(denials)}${
    fixes.length === 0
      ? null
      : html`<h3>What would lift the refusal</h3><p>Proposals: Unlatch widens no access by itself.</p><ul class="fixes">${byPlace(fixes).map(fixItem)}</ul>`
  }</section>`;
};

const snapshotTable = ({ freeze }: CaseReport): Html => {
  if (!freeze.frozen) return html`<p>No disk is frozen: ${prose(freeze.because)}</p>`;
  return html`<p>Frozen on ${timeInWords(freeze.at)}. Do not delete these snapshots.</p><table>
<thead><tr><th scope="col">Snapshot</th><th scope="col">Of volume</th><th scope="col">Encryption</th></tr></thead>
<tbody>${freeze.snapshots.map(
    ({ snapshotId, volumeId, encrypted }) =>
      html`<tr><th scope="row"><code>${snapshotId}</code></th><td>${
        code(volumeId) ?? 'not known'
      }</td><td>${encrypted ? 'encrypted' : 'not encrypted'}</td></tr>`,
  )}</tbody></table>`;
};

const KINDS = { 'triage-archive': 'triage archive', 'disk-copy': 'what is known of a copy' } as const;

const artefactTable = ({ artefacts }: CaseReport): Html => {
  if (artefacts.length === 0) return html`<p>No artefact was collected.</p>`;
  return html`<table class="artefacts">
<thead><tr><th scope="col">Path and SHA-256</th><th scope="col">Size</th><th scope="col">Collected</th></tr></thead>
<tbody>${artefacts.map(
    ({ path, kind, bytes, sha256, collectedAt, route }) => html`<tr>
<th scope="row"><code>${path}</code><code class="hash">${sha256}</code></th>
<td>${sizeInWords(bytes)}<small>${exactBytes(bytes)}</small></td>
<td>${timeInWords(collectedAt)}<small>${KINDS[kind]}, by ${routeInSentence(route)}</small></td></tr>`,
  )}</tbody></table>`;
};

/** What the platform can read now: where each copy stands, and who may use it. */
const copyTable = ({ artefacts }: CaseReport): Html | null => {
  const copies = artefacts.flatMap((artefact) => (artefact.kind === 'disk-copy' ? [artefact.copy] : []));
  if (copies.length === 0) return null;
  return html`<h3>Copies of disks</h3><table>
<thead><tr><th scope="col">Snapshot</th><th scope="col">Of volume</th><th scope="col">Stands in</th><th scope="col">Encryption</th></tr></thead>
<tbody>${copies.map(
    ({ snapshotId, volumeId, sizeGiB, accountId, region, keyArn, sharedWith, madeVolume }) => html`<tr>
<th scope="row"><code>${snapshotId}</code>${
      madeVolume === null ? null : html`<small>volume made from it: <code>${madeVolume}</code></small>`
    }</th>
<td><code>${volumeId}</code><small>${sizeGiB} GiB</small></td>
<td><code>${accountId}</code><small>${region}${sharedWith === null ? '' : `, shared with ${sharedWith}`}</small></td>
<td>${keyArn === null ? 'not encrypted' : html`<code>${keyArn}</code>`}</td></tr>`,
  )}</tbody></table>`;
};

export const preservedSection = (report: CaseReport): Html => html`<section><h2>What was preserved</h2>
<h3>Frozen disks</h3>${snapshotTable(report)}${copyTable(report)}<h3>Collected artefacts</h3>${artefactTable(report)}</section>`;

/** Planned routes in their order, then what ran without being planned. */
export const routesSection = ({ plan, outcomes }: CaseReport): Html => {
  const unplanned = outcomes.filter(({ route }) => plan.every((planned) => planned.route !== route));
  const routes = [
    ...plan,
    ...[...new Set(unplanned.map(({ route }) => route))].map((route) => ({
      route,
      open: true,
      because: null,
      remedy: null,
    })),
  ];
  const items = routes.map(({ route, open, because, remedy }) => {
    const ended = outcomes.filter((outcome) => outcome.route === route);
    const badges = ended.map(({ result }) => html`<span class="badge ${result}">${RESULT_WORDS[result]}</span>`);
    const untried = open
      ? html`<span class="badge">Open, not tried</span>`
      : html`<span class="badge closed">Closed</span>`;
    return html`<li><p class="route"><strong>${ROUTE_WORDS[route]}</strong> ${badges.length === 0 ? untried : badges}</p>${
      because === null ? null : html`<p>${prose(because)}</p>`
    }${ended.map(({ note }) => (note === because ? html`` : html`<p>${prose(note)}</p>`))}${
      remedy === null ? null : html`<p class="quiet">To open it: ${prose(remedy)}</p>`
    }</li>`;
  });
  return html`<section><h2>Routes tried</h2>${
    items.length === 0 ? html`<p>No route was planned.</p>` : html`<ol class="routes">${items}</ol>`
  }</section>`;
};

export const cleanUpSection = ({ cleanUp: { removed, kept, left } }: CaseReport): Html => {
  const parts = [
    ['Could not be removed', left],
    ['Removed', removed],
    ['Kept on purpose', kept],
  ] as const;
  const told = parts.flatMap(([title, items]) =>
    items.length === 0 ? [] : [html`<h3>${title}</h3>${bullets(items)}`],
  );
  return html`<section><h2>What was removed</h2>${
    told.length === 0 ? html`<p>Unlatch made nothing that had to be removed.</p>` : told
  }</section>`;
};

export const timelineSection = ({ timeline }: CaseReport): Html => {
  const start = timeline[0]?.at ?? '';
  const items = timeline.map(({ at, what, kind }) => {
    const since = spanInWords(start, at);
    const offset = since === null ? '' : since.startsWith('−') ? since : `+${since}`;
    return html`<li class="${kind}"><p class="when">${timeInWords(at)} <span>${offset}</span></p><p><strong>${
      MOMENT_WORDS[kind]
    }</strong> ${prose(what)}</p></li>`;
  });
  return html`<section><h2>Timeline</h2>${
    items.length === 0 ? html`<p>No moment was recorded.</p>` : html`<ol class="timeline">${items}</ol>`
  }</section>`;
};

export const caseFooter = ({ caseId, tool, openedAt, closedAt, dryRun }: CaseReport): Html => {
  const span = spanInWords(openedAt, closedAt);
  return html`<footer>${facts([
    ['Case', code(caseId)],
    ['Opened', words(timeInWords(openedAt))],
    ['Closed', words(`${timeInWords(closedAt)}${span === null ? '' : `, after ${span}`}`)],
    ['Made by', words(`${tool.name} ${tool.version}`)],
    ['Mode', words(dryRun ? 'dry run: nothing was changed in AWS' : null)],
  ])}<p>The sizes and hashes of this folder stand in <code>manifest.json</code>, every call to AWS in <code>custody.jsonl</code>.</p></footer>`;
};
