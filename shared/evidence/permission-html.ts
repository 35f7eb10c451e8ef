import { headlineOf, proofInWords } from '#shared/permission/in-words';
import type { PermissionReport, ReportedEdit } from '#shared/permission/report';
import { type Html, html, prose } from './escape.ts';
import { page } from './page.ts';
import { STYLE } from './report-style.ts';

const EXTRA = `
.diff{white-space:pre-wrap;overflow-wrap:anywhere;font-family:ui-monospace,monospace;font-size:.85rem;line-height:1.45}
.diff ins{text-decoration:none;background:#2e7d3233}.diff del{text-decoration:none;background:#c6282833}`;
const STYLES = `${STYLE}${EXTRA}`;

const diffLine = (line: string): Html => {
  if (line.startsWith('+') && !line.startsWith('+++')) return html`<ins>${line}</ins>\n`;
  if (line.startsWith('-') && !line.startsWith('---')) return html`<del>${line}</del>\n`;
  return html`${line}\n`;
};

const editSection = ({ policy, diff, dropVersion }: ReportedEdit): Html => html`<section>
<h2>${policy}</h2>
${dropVersion === null ? null : html`<p>Version <code>${dropVersion}</code> made room for the new one; its document is in the evidence.</p>`}
<div class="diff">${diff.trimEnd().split('\n').map(diffLine)}</div>
</section>`;

const listSection = (title: string, lines: readonly string[]): Html | null =>
  lines.length === 0
    ? null
    : html`<section><h2>${title}</h2><ul>${lines.map((line) => html`<li>${prose(line)}</li>`)}</ul></section>`;

const rows = (report: PermissionReport): Html => html`<dl>
<dt>Role</dt><dd><code>${report.roleArn ?? report.roleName}</code></dd>
<dt>Account</dt><dd><code>${report.accountId}</code></dd>
<dt>From</dt><dd>${report.openedAt}</dd>
<dt>To</dt><dd>${report.closedAt}</dd>
</dl>`;

/** The report of a retirement as one self-contained page: no scripts, nothing loaded. */
export const permissionHtml = (report: PermissionReport): string => {
  const headline = headlineOf(report);
  const body = html`<body class="${report.verdict}">
<header><p class="kicker"><span>Unlatch permission report</span> <code>${report.caseId}</code></p>
<h1>${prose(headline)}</h1></header>
<main>
<section><p>${prose(`${report.because}.`)}</p>${rows(report)}</section>
${listSection('To do', report.todo)}
${report.edits.map(editSection)}
${listSection('How it was proven', proofInWords(report))}
${listSection(
  'What else allows it',
  report.findings.map(
    ({ policy, statement, note }) =>
      `\`${policy}\`${statement === null ? '' : `, statement ${statement.sid ?? statement.index}`}: ${note}`,
  ),
)}
${listSection(
  'Other editors',
  report.others.map(
    ({ at, caller, what, document }) => `${at} ${caller} ${what}${document === null ? '' : `: ${document}`}`,
  ),
)}
</main>
<footer><p>Unlatch ${report.tool.version}</p></footer>`;
  return page({ title: `${headline} · ${report.caseId}`, style: STYLES, script: null, body: `${body}` });
};
