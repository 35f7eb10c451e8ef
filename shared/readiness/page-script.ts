/**
 * What the page does: it draws the matrix from the data in the page, and filters it. Whatever comes from outside goes in as
 * text (`textContent`), never as markup; nothing is loaded and nothing is sent.
 */
export const PAGE_SCRIPT = `
'use strict';
const data = JSON.parse(document.getElementById('data').textContent);
const outlooks = data.outlooks;
const el = (name, attributes, ...children) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
};
const $ = (id) => document.getElementById(id);
const SIGNS = { ready: '\\u2713', refused: '\\u2715', undetermined: '?', none: '\\u00b7', open: '\\u2713', closed: '\\u2013' };
const RANK = { refused: 2, undetermined: 1, ready: 0 };
const worst = (verdicts) => verdicts.reduce((most, one) => (RANK[one] > RANK[most] ? one : most), verdicts[0]);
const chosen = { verdicts: new Set(['ready', 'refused', 'undetermined']), cause: null, account: '', text: '' };
const PAGE = 200;
let shown = PAGE;

const outlooksOf = (row) => [...new Set(row.volumes.map((volume) => volume.outlook))].map((at) => outlooks[at]).filter(Boolean);
const causesOf = (row) => new Set(outlooksOf(row).flatMap((outlook) => outlook.refusals.map((refusal) => refusal.cause || 'undetermined')));
const wordsOf = (row) => [row.name, row.instanceId, row.accountId, row.region, row.state,
  ...Object.entries(row.tags).map(([key, value]) => key + '=' + value),
  ...row.volumes.map((volume) => volume.volumeId),
  ...outlooksOf(row).flatMap((outlook) => [outlook.keyArn, ...outlook.aliases])].filter(Boolean).join('\\n').toLowerCase();
for (const row of data.rows) { row.words = wordsOf(row); row.causes = causesOf(row); }

const fits = (row) => chosen.verdicts.has(row.verdict)
  && (chosen.cause === null || row.causes.has(chosen.cause))
  && (chosen.account === '' || row.accountId === chosen.account)
  && chosen.text.split(/\\s+/).every((word) => row.words.includes(word));

const cell = (kind, title) => el('td', {}, el('span', { class: 'cell ' + kind, title }, SIGNS[kind] || ''));
const stepCell = (row, step) => {
  const verdicts = outlooksOf(row).flatMap((outlook) => outlook.steps.filter((one) => one.step === step).map((one) => one.verdict));
  if (row.unmet && !verdicts.includes('refused')) return cell('undetermined', step + ': ' + row.unmet);
  if (verdicts.length === 0) return cell('none', step + ': not part of this way');
  const verdict = worst(verdicts);
  return cell(verdict, step + ': ' + verdict);
};
const routeCell = (opening, name, first) => {
  const made = cell(opening.open ? 'ready' : 'closed', name + ': ' + (opening.open ? 'open' : 'closed') + (opening.because ? ', ' + opening.because : ''));
  if (first) made.className = 'first-route';
  return made;
};
const copyOf = (row) => outlooksOf(row).map((outlook) => outlook.copy).sort((a, b) => Number(a.open) - Number(b.open))[0]
  || { open: false, because: 'not examined', remedy: null };

const paragraph = (text, quiet) => el('p', quiet ? { class: 'quiet' } : {}, text);
const detailOf = (row) => {
  const parts = row.unmet ? [paragraph(row.unmet + '.')] : [];
  for (const outlook of outlooksOf(row)) {
    const volumes = row.volumes.filter((volume) => outlooks[volume.outlook] === outlook)
      .map((volume) => volume.volumeId + (volume.device ? ' (' + volume.device + ')' : '')).join(', ');
    parts.push(el('h3', {}, volumes + ': ' + outlook.verdict));
    parts.push(paragraph((outlook.keyArn ? 'Under ' + outlook.keyArn + (outlook.aliases.length ? ' (' + outlook.aliases.join(', ') + ')' : '')
      : outlook.encrypted ? 'Encrypted; EC2 names no key' : 'Not encrypted') + '. Way: ' + outlook.way + '.', true));
    for (const refusal of outlook.refusals) {
      parts.push(paragraph(refusal.explanation));
      for (const fix of refusal.fixes) {
        parts.push(paragraph('Fix (' + fix.layer + ', ' + fix.target + '): ' + fix.note, true));
        if (fix.statement) parts.push(el('pre', {}, JSON.stringify(fix.statement, null, 2)));
      }
    }
    if (outlook.missing.length) {
      parts.push(paragraph('For a sure answer these would have to be known:'));
      parts.push(el('ul', {}, ...outlook.missing.map((text) => el('li', {}, text))));
    }
    if (outlook.lint && outlook.lint.length) {
      parts.push(paragraph('The lint finds in the policy of the key:', true));
      parts.push(el('ul', { class: 'quiet' }, ...outlook.lint.map((one) => el('li', {}, one.severity + ', ' + one.rule + ': ' + one.message))));
    }
    if (outlook.copy.because) parts.push(paragraph('Copy by Unlatch: ' + outlook.copy.because + (outlook.copy.remedy ? '; ' + outlook.copy.remedy : '') + '.', true));
  }
  if (row.triage.because) parts.push(paragraph('Triage: ' + row.triage.because + (row.triage.remedy ? '; ' + row.triage.remedy : '') + '.', true));
  const tags = Object.entries(row.tags);
  if (tags.length) parts.push(paragraph('Tags: ' + tags.map(([key, value]) => key + '=' + value).join(', '), true));
  return el('tr', { class: 'detail' }, el('td', { colspan: String(data.steps.length + 4) }, ...parts));
};
const toggle = (line, row) => {
  const next = line.nextElementSibling;
  if (next && next.classList.contains('detail')) { next.remove(); line.setAttribute('aria-expanded', 'false'); return; }
  line.after(detailOf(row));
  line.setAttribute('aria-expanded', 'true');
};
const lineOf = (row) => {
  const id = row.instanceId || (row.volumes[0] ? row.volumes[0].volumeId : '');
  const line = el('tr', { class: 'machine', tabindex: '0', 'aria-expanded': 'false' },
    el('td', { class: 'who' }, el('b', {}, row.name || id), ' ', row.name ? el('span', { class: 'mono quiet' }, id) : null),
    el('td', { class: 'where' }, row.accountId + ' ' + row.region),
    ...data.steps.map((step) => stepCell(row, step)),
    routeCell(row.triage, 'triage', true), routeCell(copyOf(row), 'copy by Unlatch', false));
  line.addEventListener('click', () => toggle(line, row));
  line.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' || event.key === ' ') { event.preventDefault(); toggle(line, row); }
  });
  return line;
};

const draw = () => {
  const found = data.rows.filter(fits);
  $('rows').replaceChildren(...found.slice(0, shown).map(lineOf));
  const all = data.rows.length + (data.rows.length === 1 ? ' machine' : ' machines');
  $('count').textContent = found.length === data.rows.length ? all : found.length + ' of ' + all;
  $('more').hidden = found.length <= shown;
};
const redraw = () => { shown = PAGE; draw(); };
for (const bar of document.querySelectorAll('[data-grow]')) bar.style.flexGrow = bar.dataset.grow;
for (const bar of document.querySelectorAll('[data-share]')) bar.style.setProperty('--share', bar.dataset.share + '%');
for (const button of document.querySelectorAll('[data-verdict]')) button.addEventListener('click', () => {
  const verdict = button.dataset.verdict;
  if (!chosen.verdicts.delete(verdict)) chosen.verdicts.add(verdict);
  button.setAttribute('aria-pressed', String(chosen.verdicts.has(verdict)));
  redraw();
});
for (const button of document.querySelectorAll('[data-cause]')) button.addEventListener('click', () => {
  chosen.cause = chosen.cause === button.dataset.cause ? null : button.dataset.cause;
  for (const other of document.querySelectorAll('[data-cause]')) other.setAttribute('aria-pressed', String(other.dataset.cause === chosen.cause));
  redraw();
});
$('text').addEventListener('input', (event) => { chosen.text = event.target.value.trim().toLowerCase(); redraw(); });
$('account').append(...[...new Set(data.rows.map((row) => row.accountId))].sort().map((id) => el('option', { value: id }, id)));
$('account').addEventListener('change', (event) => { chosen.account = event.target.value; redraw(); });
$('more').addEventListener('click', () => { shown += PAGE; draw(); });
draw();
`;
