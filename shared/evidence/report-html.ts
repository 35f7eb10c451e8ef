import type { CaseReport } from '#shared/case/report';
import { html, prose } from './escape.ts';
import { page } from './page.ts';
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
${caseFooter(report)}`;
  return page({ title: `${headline} · ${report.caseId}`, style: STYLE, script: null, body: `${body}` });
};
