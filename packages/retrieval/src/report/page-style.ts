/** The page's style sheet: light and dark by the reader's setting, one column on a phone. */
export const pageStyle = `
:root{color-scheme:light dark;--back:#fff;--panel:#f6f7f9;--text:#1b1f24;--soft:#57606a;--rule:#d5dae0;--best:#e3f4e6;--warn:#fff4d6;
--c0:#0b6bb0;--c1:#c75300;--c2:#00805c;--c3:#b0448a;--c4:#7d6200;--c5:#3d87b8;--c6:#7a3fb0;--c7:#59616b;--c8:#a82a2a;--c9:#3f7020}
@media (prefers-color-scheme:dark){:root{--back:#0f1318;--panel:#171c23;--text:#e6e9ed;--soft:#9aa5b1;--rule:#303843;--best:#16341f;--warn:#3a2f10;
--c0:#58b0f0;--c1:#ff9452;--c2:#3ccb9b;--c3:#f09ac6;--c4:#e3c34a;--c5:#7fdce6;--c6:#c49bff;--c7:#bcc4cd;--c8:#ff8a8a;--c9:#a8d672}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1rem;max-width:84rem;background:var(--back);color:var(--text);font:16px/1.5 system-ui,sans-serif}
h1{font-size:1.5rem;line-height:1.25;margin:.25rem 0;overflow-wrap:anywhere}
h2{font-size:1.2rem;margin:2rem 0 .5rem}
h3{font-size:1rem;margin:.75rem 0 .25rem}
h3 small,.note,figcaption p{font-weight:400;color:var(--soft);font-size:.85rem}
figcaption h3,figcaption p{margin:0}
.sub{margin:0;color:var(--soft)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:.5rem;margin:1rem 0}
.tiles div{background:var(--panel);border-radius:.5rem;padding:.5rem .75rem}
.tiles dt{color:var(--soft);font-size:.8rem}
.tiles dd{margin:0;font-size:1.1rem;font-weight:600;overflow-wrap:anywhere}
.warnings{background:var(--warn);border-radius:.5rem;padding:.5rem 1rem .5rem 2rem;overflow-wrap:anywhere}
.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,25rem),1fr));gap:1rem}
.chart{margin:0;padding:.75rem;background:var(--panel);border-radius:.5rem;min-width:0;display:flex;flex-direction:column}
figcaption p{min-height:2.6em;line-height:1.3}
.plot{touch-action:pan-y;border-radius:.25rem}
.plot svg{display:block;width:100%;height:auto;pointer-events:none}
svg text{fill:var(--soft);font-size:13px}
text.x{text-anchor:middle}text.end{text-anchor:end}text.y{text-anchor:end}
.grid{stroke:var(--rule);fill:none;vector-effect:non-scaling-stroke}
.line,.dots{fill:none;stroke:var(--c);stroke-width:1.75;stroke-linecap:round;stroke-linejoin:round;vector-effect:non-scaling-stroke}
.dots{stroke-width:5}
.band{fill:var(--c);opacity:.22}
.mark{fill:none;stroke:var(--soft);stroke-dasharray:4 4;vector-effect:non-scaling-stroke}
.mark.best{stroke:var(--c2);stroke-dasharray:none;opacity:.7}
.cursor{stroke:var(--text);visibility:hidden;vector-effect:non-scaling-stroke}
.cursor.on{visibility:visible}
.c0{--c:var(--c0)}.c1{--c:var(--c1)}.c2{--c:var(--c2)}.c3{--c:var(--c3)}.c4{--c:var(--c4)}.c5{--c:var(--c5)}.c6{--c:var(--c6)}.c7{--c:var(--c7)}.c8{--c:var(--c8)}.c9{--c:var(--c9)}
.line.d1{stroke-dasharray:7 3}.line.d2{stroke-dasharray:2 4}
.key{width:1.4em;height:.7em;margin-right:.4em}
.level{opacity:.6}
.keys{margin:.25rem 0 0;font-size:.85rem}
.keys span{margin-right:1rem}
.keys .key{vertical-align:middle}
.read{margin:0;min-height:1.5em;font-size:.85rem;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
.scroll{overflow-x:auto;max-width:100%}
.tall{max-height:26rem;overflow:auto}
.tall thead th{position:sticky;top:0;background:var(--back)}
table{border-collapse:collapse;font-size:.85rem;font-variant-numeric:tabular-nums;width:100%}
th,td{padding:.2rem .4rem;text-align:right;border-bottom:1px solid var(--rule);white-space:nowrap}
th:first-child,td.text{text-align:left}
th[scope=row]{font-weight:400}
.numbers th[scope=row]{white-space:normal}
thead th{font-weight:600;color:var(--soft)}
tfoot th,tfoot td{font-weight:600}
td.text{white-space:normal;overflow-wrap:anywhere}
td small{color:var(--soft)}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
tr.best{background:var(--best)}
details{margin:.5rem 0}
summary{cursor:pointer;font-weight:600}
:focus-visible{outline:2px solid var(--c0);outline-offset:2px}
@media print{.tall{max-height:none}.charts{grid-template-columns:1fr 1fr}.chart{break-inside:avoid}}
`;
