import { Markup } from "./markup.ts";

/** The styles of the page: for light and dark screens, and for paper. */
export const STYLES = new Markup(`
:root { color-scheme: light dark; --back: #fff; --text: #1c2430; --soft: #5c6878; --line: #d5dbe3; --panel: #f6f8fa;
  --good: #14743c; --bad: #b42318; --first: #2457c5; --second: #b8540a; --p1: #eaf2ff; --p2: #f3edfd; --p3: #eaf7ef; }
@media (prefers-color-scheme: dark) { :root { --back: #12171e; --text: #e4e9f0; --soft: #9aa7b8; --line: #323c4a;
  --panel: #1a212b; --good: #56c884; --bad: #ff8a7d; --first: #7fa8ff; --second: #f0a35e; --p1: #17253c; --p2: #241e38; --p3: #152a1e; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 74rem; padding: 2rem 1.25rem 4rem; background: var(--back); color: var(--text);
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
h1 { font-size: 1.7rem; margin: 0; } h2 { font-size: 1.25rem; margin: 2.6rem 0 .6rem; padding-bottom: .3rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1.02rem; margin: 1.6rem 0 .4rem; } p { margin: .3rem 0 .8rem; max-width: 48rem; }
.note, .lead { color: var(--soft); }
.chips { display: flex; flex-wrap: wrap; gap: .6rem; padding: 0; margin: 1.1rem 0 0; list-style: none; }
.chips li { border: 1px solid var(--line); background: var(--panel); border-radius: .5rem; padding: .45rem .8rem; }
.chips b { display: block; font-size: 1.25rem; line-height: 1.3; font-variant-numeric: tabular-nums; }
.good b, td.good, .verdict.good { color: var(--good); } .bad b, td.bad, .verdict.bad { color: var(--bad); }
.verdict { font-weight: 600; white-space: nowrap; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .87rem; }
th, td { text-align: left; vertical-align: top; padding: .4rem .7rem .4rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
th { color: var(--soft); font-weight: 600; } td:first-child, .verdict { overflow-wrap: normal; }
code { font: .92em/1.4 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.drill { border: 1px solid var(--line); border-radius: .6rem; background: var(--panel); padding: .2rem 1.1rem .9rem; margin: 0 0 1rem; }
.drill h3 { margin-top: .8rem; } figure { margin: .8rem 0 1.2rem; } figcaption { font-weight: 600; font-size: .9rem; margin-bottom: .2rem; }
svg { display: block; width: 100%; height: auto; font: 12px system-ui, "Segoe UI", Roboto, sans-serif; fill: var(--text); }
svg.sequence { min-width: 860px; }
.actor { text-anchor: middle; font-weight: 600; font-size: 13px; } .life { stroke: var(--line); }
.phase-1 { fill: var(--p1); } .phase-2 { fill: var(--p2); } .phase-3 { fill: var(--p3); }
.phase { font-weight: 600; } .time, .end { text-anchor: end; } .time, .tick { fill: var(--soft); font-variant-numeric: tabular-nums; }
.middle { text-anchor: middle; } .label { paint-order: stroke; stroke: var(--back); stroke-width: 3px; stroke-opacity: .75; }
.arrow { stroke: var(--soft); stroke-width: 1.4; } svg .good .arrow, .good circle { stroke: var(--good); } svg .bad .arrow, .bad circle { stroke: var(--bad); }
.good circle, .good rect { fill: var(--good); } .bad circle, .bad rect { fill: var(--bad); } svg .bad .label { fill: var(--bad); font-weight: 600; }
.bars rect { opacity: .8; } .bars .plain rect { fill: var(--first); } .limit { stroke: var(--text); stroke-width: 1.6; } .grid { stroke: var(--line); }
polyline { fill: none; stroke-width: 1.6; stroke-linejoin: round; } polyline.first { stroke: var(--first); } polyline.second { stroke: var(--second); }
.key { font-weight: 400; margin-left: .8rem; color: var(--soft); } .key::before { content: ""; display: inline-block; width: 1rem; height: .2rem; margin-right: .35rem; vertical-align: middle; background: var(--first); }
.key.second::before { background: var(--second); }
.renewal { stroke: var(--good); stroke-dasharray: 2 3; } .fault { stroke: var(--bad); stroke-dasharray: 5 3; }
footer { margin-top: 3rem; color: var(--soft); font-size: .85rem; }
@page { margin: 14mm; }
@media print { :root { color-scheme: light; --back: #fff; --text: #000; --soft: #444; --line: #bbb; --panel: #fff; --good: #0b5c2d; --bad: #96150c; --first: #1a46a5; --second: #95420a; --p1: #f2f6fd; --p2: #f7f3fc; --p3: #f1f8f3; }
  body { max-width: none; padding: 0; font-size: 10pt; } .wide { overflow: visible; } svg.sequence { min-width: 0; }
  rect, .key::before { print-color-adjust: exact; } h2, h3 { break-after: avoid; } tr, figure, .drill { break-inside: avoid; } thead { display: table-header-group; } }
`);
