/** The page's style. Three colours, one a verdict, each with a sign of its own: nobody has to tell them apart by colour. */
export const PAGE_STYLE = `
:root {
  color-scheme: light dark;
  --paper: #fff; --ink: #1a1d23; --soft: #59606d; --line: #e1e4e9; --well: #f5f6f8; --accent: #2b4fa8;
  --ready: #0a6a46; --ready-well: #cfeadd; --refused: #a32020; --refused-well: #f8cfcb;
  --undetermined: #7a5200; --undetermined-well: #f7e3b5; --none: #c9ced6;
  --mono: ui-monospace, 'SF Mono', 'Cascadia Mono', Consolas, 'Liberation Mono', Menlo, monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14161a; --ink: #e7e9ed; --soft: #a0a7b4; --line: #2c3038; --well: #1c1f25; --accent: #9dbaff;
    --ready: #6fd6a8; --ready-well: #14382a; --refused: #ff9d94; --refused-well: #4a1c1a;
    --undetermined: #f3c76b; --undetermined-well: #42330f; --none: #4a505b;
  }
}
*, ::before, ::after { box-sizing: border-box; }
html { background: var(--paper); }
body {
  margin: 0; color: var(--ink); font: .9375rem/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', sans-serif;
}
header, main, footer { padding-inline: max(1.25rem, (100% - 78rem) / 2); }
header { padding-block: 2rem 1.5rem; }
.kicker { margin: 0 0 .5rem; color: var(--soft); font-size: .875rem; }
.kicker b { color: var(--accent); font-weight: 600; }
h1 { margin: 0 0 1.25rem; font-size: clamp(1.5rem, 1.1rem + 1.8vw, 2.125rem); line-height: 1.2; letter-spacing: -.015em; text-wrap: balance; }
h2 { margin: 0 0 .75rem; font-size: 1.125rem; }
section { padding-block: 1.5rem; border-top: 1px solid var(--line); }
p { margin: 0 0 .5rem; max-width: 60rem; }
ul { margin: 0; padding-left: 1.25rem; }
li { margin-bottom: .25rem; max-width: 60rem; }
code, .mono { font-family: var(--mono); font-size: .8125em; overflow-wrap: anywhere; unicode-bidi: isolate; }
.quiet { color: var(--soft); font-size: .875rem; }
.share { display: flex; height: 1.125rem; gap: 2px; border-radius: .25rem; overflow: hidden; margin-bottom: .75rem; }
.share > span { min-width: 2px; }
.share > .ready { background: var(--ready); } .share > .refused { background: var(--refused); } .share > .undetermined { background: var(--undetermined); }
button, input, select { font: inherit; color: inherit; }
button, select, input { background: var(--paper); border: 1px solid var(--none); border-radius: .375rem; padding: .25rem .625rem; }
button { cursor: pointer; }
button:focus-visible, input:focus-visible, select:focus-visible, tr:focus-visible { outline: .125rem solid var(--accent); outline-offset: .125rem; }
.verdicts { display: flex; flex-wrap: wrap; gap: .5rem; }
.verdicts > button { display: flex; align-items: baseline; gap: .5rem; padding: .375rem .875rem; }
.verdicts b { font-size: 1.375rem; font-variant-numeric: tabular-nums; }
[data-verdict][aria-pressed='false'] { opacity: .45; }
.causes { list-style: none; padding: 0; display: grid; grid-template-columns: repeat(auto-fill, minmax(20rem, 1fr)); gap: .375rem 1.5rem; }
.causes button { width: 100%; display: grid; grid-template-columns: 1fr auto; gap: 0 .75rem; text-align: left; border: 0; padding: .25rem .5rem; position: relative; isolation: isolate; overflow: hidden; }
.causes button::before { content: ''; position: absolute; inset: 0 auto 0 0; width: var(--share); background: var(--refused-well); z-index: -1; border-radius: .25rem; }
.causes button[aria-pressed='true'] { outline: .125rem solid var(--refused); }
.tools { display: flex; flex-wrap: wrap; gap: .5rem .75rem; align-items: center; margin-bottom: .75rem; }
.tools input { flex: 1 1 18rem; max-width: 32rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th { text-align: left; font-weight: 600; font-size: .8125rem; color: var(--soft); }
thead th { position: sticky; top: 0; background: var(--paper); padding: .25rem .125rem; border-bottom: 1px solid var(--line); vertical-align: bottom; z-index: 1; }
thead th.step { text-align: center; width: 4.25rem; line-height: 1.15; }
thead th.first-route { padding-left: 1.25rem; }
tbody tr.machine { cursor: pointer; }
tbody tr.machine:hover { background: var(--well); }
tbody td { padding: .125rem; vertical-align: middle; }
tbody td.who { padding: .25rem .75rem .25rem 0; min-width: 14rem; max-width: 26rem; overflow-wrap: anywhere; }
tbody td.who b { font-weight: 600; unicode-bidi: isolate; }
tbody td.where { white-space: nowrap; padding-right: .75rem; font-variant-numeric: tabular-nums; color: var(--soft); font-size: .8125rem; }
td.first-route { padding-left: 1.25rem; }
.cell { display: block; height: 1.625rem; line-height: 1.625rem; text-align: center; border-radius: .1875rem; font-weight: 700; min-width: 2rem; }
.cell.ready { background: var(--ready-well); color: var(--ready); }
.cell.refused { background: var(--refused); color: var(--paper); }
.cell.undetermined { background: var(--undetermined-well); color: var(--undetermined); border: 1px dashed var(--undetermined); line-height: 1.5rem; }
.cell.none { color: var(--none); }
.cell.closed { color: var(--soft); border: 1px solid var(--line); line-height: 1.5rem; }
.detail > td { background: var(--well); padding: .75rem 1rem 1rem; }
.detail h3 { margin: .75rem 0 .25rem; font-size: .9375rem; }
.detail h3:first-child { margin-top: 0; }
pre { margin: .25rem 0 .5rem; padding: .625rem .75rem; background: var(--paper); border: 1px solid var(--line); border-radius: .375rem; font: .75rem/1.5 var(--mono); white-space: pre-wrap; overflow-wrap: anywhere; }
.health { list-style: none; padding: 0; }
.health > li { display: grid; grid-template-columns: 1.75rem 9rem 1fr; gap: 0 .5rem; align-items: baseline; }
.health .sign { text-align: center; font-weight: 700; }
.health .good .sign { color: var(--ready); } .health .bad .sign { color: var(--refused); } .health .unknown .sign { color: var(--undetermined); } .health .note .sign { color: var(--soft); }
.more { margin-top: .75rem; }
footer { background: var(--well); padding-block: 1.5rem; margin-top: 1.5rem; color: var(--soft); font-size: .875rem; }
[hidden] { display: none !important; }
@media print { .tools, .more { display: none; } thead th { position: static; } .share, .cell { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
`;
