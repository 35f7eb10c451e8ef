/** The report's style. One accent a verdict; every pair of colours has a contrast of at least 4.5 to 1 (WCAG 2.2 AA). */
export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #fff; --ink: #1a1d23; --soft: #59606d; --line: #e1e4e9; --well: #f5f6f8;
  --accent: #2b4fa8; --tint: #eef2fc; --bad: #a32020; --good: #0a6a46;
  --mono: ui-monospace, 'SF Mono', 'Cascadia Mono', Consolas, 'Liberation Mono', Menlo, monospace;
}
body.preserved { --accent: #0a6a46; --tint: #ebf6f0; }
body.by-hand { --accent: #8c4a00; --tint: #fdf3e4; }
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14161a; --ink: #e7e9ed; --soft: #a0a7b4; --line: #2c3038; --well: #1c1f25;
    --accent: #9dbaff; --tint: #1a2236; --bad: #ff9d94; --good: #6fd6a8;
  }
  body.preserved { --accent: #6fd6a8; --tint: #12271f; }
  body.by-hand { --accent: #f3b76b; --tint: #2b2014; }
}
*, ::before, ::after { box-sizing: border-box; }
html { background: var(--paper); -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0; background: var(--paper); color: var(--ink); overflow-wrap: anywhere;
  font: 1rem/1.6 system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', sans-serif;
}
header, main, footer { padding-inline: max(1.25rem, (100% - 52rem) / 2); }
header { background: var(--tint); border-top: .375rem solid var(--accent); padding-block: 2.5rem 2.75rem; }
.kicker { margin: 0 0 1.25rem; color: var(--soft); font-size: .875rem; display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 1rem; }
.kicker span { font-weight: 600; color: var(--accent); }
h1 {
  margin: 0; max-width: 26em; color: var(--accent); text-wrap: balance; font-weight: 600;
  font-size: clamp(1.5rem, 1.1rem + 2.2vw, 2.375rem); line-height: 1.2; letter-spacing: -.015em;
}
section { padding-block: 2.25rem; border-bottom: 1px solid var(--line); }
section:last-child { border: 0; }
section > :last-child, li > :last-child { margin-bottom: 0; }
h1 code { font: inherit; }
.id { white-space: nowrap; }
h2 { margin: 0 0 1rem; font-size: 1.375rem; line-height: 1.3; letter-spacing: -.01em; }
h3 { margin: 1.75rem 0 .625rem; font-size: 1rem; line-height: 1.4; }
p { margin: 0 0 .75rem; max-width: 44rem; }
ul, ol { margin: 0 0 .75rem; padding-left: 1.5rem; max-width: 44rem; }
li { margin-bottom: .5rem; padding-left: .25rem; }
li::marker { color: var(--soft); font-variant-numeric: tabular-nums; }
.plain { list-style: none; padding: 0; margin: 0; }
.plain li { padding: 0; margin: 0; }
.plain li > code { background: none; padding: 0; }
small, .quiet { color: var(--soft); font-size: .875rem; }
.lead { font-size: 1.125rem; line-height: 1.55; }
dd, td, li, code, pre { unicode-bidi: isolate; }
code { font-family: var(--mono); font-size: .875em; }
li > code, p:not(.kicker) > code { background: var(--well); border-radius: .25rem; padding: .0625rem .25rem; }
pre {
  margin: .5rem 0 0; padding: .875rem 1rem; background: var(--well); border-radius: .375rem;
  font: .8125rem/1.6 var(--mono); white-space: pre-wrap;
}
.target { padding-top: 2rem; }
.facts { margin: 0 0 .75rem; }
.facts > div { display: grid; grid-template-columns: 10rem 1fr; gap: 0 1.25rem; padding-block: .25rem; }
.facts dt { color: var(--soft); }
.facts dd { margin: 0; }
.target .facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); gap: 1rem 1.5rem; margin: 0; }
.target .facts > div { display: block; padding: 0; }
.target .facts > div:last-child { grid-column: 1 / -1; }
.target .facts dt { font-size: .875rem; }
.now > ol { padding-left: 1.75rem; }
.now > h2 { color: var(--accent); }
.now > h2 + ol { font-size: 1.125rem; line-height: 1.5; }
.now > h2 + ol > li::marker { color: var(--accent); font-weight: 600; }
.denial { border-left: .1875rem solid var(--line); padding: .125rem 0 .125rem 1rem; margin-bottom: 1rem; }
details { margin-top: .25rem; }
summary { cursor: pointer; color: var(--accent); font-weight: 500; width: fit-content; border-radius: .25rem; }
summary:focus-visible { outline: .125rem solid var(--accent); outline-offset: .1875rem; }
details > .denial { margin-top: 1rem; }
.path { list-style: none; padding: 0; margin: 0 0 1rem; max-width: none; }
.path > li { position: relative; margin: 0; padding: 0 0 .625rem 2.25rem; display: grid; grid-template-columns: 17.5rem 10.5rem 1fr; gap: 0 1rem; align-items: baseline; }
.path > li::before {
  content: '✓'; position: absolute; left: 0; top: .0625rem; width: 1.375rem; height: 1.375rem; border-radius: 50%; z-index: 1;
  background: var(--paper); border: .125rem solid var(--good); color: var(--good);
  font-size: .75rem; font-weight: 700; line-height: 1.125rem; text-align: center;
}
.path > li::after { content: ''; position: absolute; left: .625rem; top: 1.25rem; bottom: -.25rem; width: .125rem; background: var(--line); }
.path > li:last-child::after { content: none; }
.path strong { font-weight: 600; }
.path small { overflow-wrap: anywhere; }
.path > .denies::before { content: '✕'; background: var(--bad); border-color: var(--bad); color: var(--paper); }
.path > .silent::before { content: '✕'; border-color: var(--bad); color: var(--bad); }
.path > .denies span, .path > .silent span { color: var(--bad); font-weight: 600; }
.path > .unknown::before { content: '?'; border-color: var(--soft); border-style: dashed; color: var(--soft); }
.path > .not-asked::before, .path > .grant.silent::before { content: ''; border-color: var(--line); }
.path > .not-asked, .path > .not-asked strong, .path > .grant.silent, .path > .grant.silent span { color: var(--soft); font-weight: 400; }
.fixes { list-style: none; padding: 0; max-width: none; }
.fixes > li { padding: 0; margin-bottom: 1.5rem; }
.fixes > li:last-child { margin-bottom: 0; }
.fixes p { margin-bottom: .125rem; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; padding: .625rem 1rem .625rem 0; border-bottom: 1px solid var(--line); font-weight: 400; }
th:last-child, td:last-child { padding-right: 0; }
thead th { color: var(--soft); font-size: .875rem; padding-block: 0 .375rem; }
.artefacts tbody th { width: 52%; }
.artefacts th code, td small, th small { display: block; }
.hash { margin-top: .125rem; color: var(--soft); user-select: all; }
.routes { list-style: none; counter-reset: route; padding: 0; }
.routes > li { counter-increment: route; position: relative; padding: 0 0 0 2.25rem; margin-bottom: 1.25rem; }
.routes > li::before { content: counter(route); position: absolute; left: 0; color: var(--soft); font-variant-numeric: tabular-nums; }
.routes p { margin-bottom: .125rem; }
.route strong { margin-right: .375rem; }
.badge { display: inline-block; border: 1px solid currentColor; border-radius: 1rem; padding: 0 .625rem; font-size: .8125rem; line-height: 1.5; color: var(--soft); }
.badge.preserved, .badge.by-hand { color: var(--accent); }
.badge.failed { color: var(--bad); }
.timeline { list-style: none; padding: 0; max-width: none; margin: 0; }
.timeline > li { position: relative; margin: 0; padding: 0 0 1.25rem 1.75rem; display: grid; grid-template-columns: 14rem 1fr; gap: 0 1.5rem; }
.timeline > li::before {
  content: ''; position: absolute; left: 0; top: .45rem; width: .6875rem; height: .6875rem; border-radius: 50%;
  background: var(--paper); border: .125rem solid var(--soft); z-index: 1;
}
.timeline > li::after { content: ''; position: absolute; left: .28rem; top: .8rem; bottom: -.45rem; width: .125rem; background: var(--line); }
.timeline > li:last-child::after { content: none; }
.timeline > .preserved::before, .timeline > .frozen::before { background: var(--accent); border-color: var(--accent); }
.timeline > .refused::before, .timeline > .failed::before { background: var(--bad); border-color: var(--bad); }
.timeline p { margin: 0; }
.when { color: var(--soft); font-variant-numeric: tabular-nums; font-size: .9375rem; }
.when span { display: block; }
footer { background: var(--well); padding-block: 2rem; font-size: .875rem; color: var(--soft); }
footer .facts dd { color: var(--ink); }
footer p { margin: 1rem 0 0; }
@media (max-width: 40rem) {
  header { padding-block: 1.75rem 2rem; }
  section { padding-block: 1.75rem; }
  .facts > div { grid-template-columns: 1fr; padding-block: .375rem; }
  .facts dt { font-size: .875rem; }
  .target .facts { grid-template-columns: 1fr 1fr; }
  .timeline > li, .path > li { grid-template-columns: 1fr; }
  .when span { display: inline; margin-left: .5rem; }
  table, tbody, tr, tbody th, td { display: block; }
  thead { display: none; }
  tr { border-bottom: 1px solid var(--line); padding-block: .625rem; }
  tbody th, td, .artefacts tbody th { border: 0; padding: .125rem 0; width: auto; }
}
@media print {
  :root, body.preserved, body.by-hand {
    color-scheme: light; --paper: #fff; --ink: #000; --soft: #444; --line: #bbb; --well: #fff; --tint: #fff; --accent: #000; --bad: #000; --good: #000;
  }
  body { font-size: 10pt; }
  header, main, footer { padding-inline: 0; }
  header { padding-block: 1rem; }
  section { padding-block: 1.25rem; }
  h2, h3 { break-after: avoid; }
  li, tr, .denial, .path { break-inside: avoid; }
  pre { border: 1px solid var(--line); }
  details::details-content { content-visibility: visible; block-size: auto; }
  thead { display: table-header-group; }
}
`;
