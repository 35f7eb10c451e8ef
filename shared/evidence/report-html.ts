import { createHash } from 'node:crypto';
import type { CaseReport } from '#shared/case/report';
import { html, prose } from './escape.ts';
import {
  caseFooter,
  cleanUpSection,
  findingSection,
  preservedSection,
  refusalSection,
  routesSection,
  targetSection,
  timelineSection,
  todoSection,
} from './report-sections.ts';
import { STYLE } from './report-style.ts';
import { headlineOf } from './report-words.ts';

/**
 * Nothing loads and nothing runs: the one style is admitted by its hash, over the exact text of the element.
 * https://www.w3.org/TR/CSP3/#grammardef-hash-source
 */
const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

const HEAD = `<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">`;

/** The report of a case as one self-contained page: no scripts, nothing loaded, readable offline and on paper. */
export const reportHtml = (report: CaseReport): string => {
  const headline = headlineOf(report);
  const body = html`<body class="${report.verdict}">
<header><p class="kicker"><span>Unlatch case report</span> <code>${report.caseId}</code></p>
<h1>${prose(headline)}</h1></header>
<main>
${targetSection(report)}
${findingSection(report)}
${todoSection(report)}
${refusalSection(report)}
${preservedSection(report)}
${routesSection(report)}
${cleanUpSection(report)}
${timelineSection(report)}
</main>
${caseFooter(report)}
</body>`;
  return `<!doctype html>
<html lang="en">
<head>
${HEAD}
${html`<title>${headline} · ${report.caseId}</title>`}
<style>${STYLE}</style>
</head>
${body}
</html>
`;
};
