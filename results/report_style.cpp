#include "report_parts.hpp"

namespace ghostnet::results {

// Colours stand in variables, once for light, once for dark; paper is always light. The eight of the series keep their
// order of hue and a contrast of at least 3 : 1 against both grounds.
std::string_view report_style() {
  return R"css(
:root{color-scheme:light dark;--ground:#fff;--card:#f7f8fa;--ink:#1c2127;--soft:#5d6772;--rule:#dde2e8;--axis:#8a94a0;
--good:#197a3e;--bad:#c0262d;--warn:#8a5a00;
--s0:#2563c9;--s1:#c75c10;--s2:#1f8a4c;--s3:#b3327f;--s4:#6f4bc4;--s5:#0b8390;--s6:#8d6b14;--s7:#6b7280}
@media screen and (prefers-color-scheme:dark){:root{--ground:#14181d;--card:#1b2027;--ink:#e6e9ed;--soft:#9aa5b1;
--rule:#2c343e;--axis:#6b7683;--good:#5ecb86;--bad:#ff7b78;--warn:#e2b253;
--s0:#6ea8ff;--s1:#f59a4f;--s2:#5ccb8a;--s3:#ee82bf;--s4:#ad92f5;--s5:#4cc4d1;--s6:#d7b450;--s7:#a3acb8}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
main{max-width:1120px;margin:0 auto;padding:32px 24px 64px}
h1{font-size:26px;margin:0 0 4px}h1:not(:first-child){margin-top:56px}a{color:var(--s0)}h2{font-size:18px;margin:36px 0 12px;padding-bottom:4px;border-bottom:1px solid var(--rule)}
p{margin:6px 0}.soft{color:var(--soft)}
.verdict{font-weight:600}.passed,.ok{color:var(--good)}.failed,.error,.unfinished{color:var(--bad)}.interrupted{color:var(--warn)}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(140px,1fr));gap:12px;margin:20px 0 0;padding:0}
.facts div{background:var(--card);border-radius:8px;padding:10px 14px}
.facts dt{font-size:12px;color:var(--soft)}.facts dd{margin:0;font-size:16px;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,500px),1fr));gap:18px}
figure{margin:0;background:var(--card);border-radius:8px;padding:12px 14px 8px;min-width:0}
figcaption{font-weight:600;font-size:14px}
svg{display:block;width:100%;height:auto;margin-top:4px}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:2px 14px;margin:2px 0 0;padding:0;font-size:12.5px;color:var(--soft)}
.legend li::before{content:"";display:inline-block;width:10px;height:10px;border-radius:3px;margin-right:5px;background:var(--c)}
.s0{--c:var(--s0)}.s1{--c:var(--s1)}.s2{--c:var(--s2)}.s3{--c:var(--s3)}.s4{--c:var(--s4)}.s5{--c:var(--s5)}.s6{--c:var(--s6)}.s7{--c:var(--s7)}
svg text{fill:var(--soft);font:12px system-ui,-apple-system,"Segoe UI",sans-serif}
svg .label{fill:var(--ink);font-size:12.5px}svg .marked{fill:var(--warn);font-size:11px}
svg .axis{stroke:var(--axis);stroke-width:1}svg .grid{stroke:var(--rule);stroke-width:1}
svg .span{fill:var(--warn);opacity:.1}
svg .mark{stroke:var(--warn);stroke-width:1;stroke-dasharray:3 3;opacity:.75}
svg .line{fill:none;stroke:var(--c);stroke-width:1.8;stroke-linejoin:round;stroke-linecap:round}
svg .band{fill:var(--c);opacity:.18}svg .whisker{fill:none;stroke:var(--c);stroke-width:1.3}svg .dot{fill:var(--c)}
svg .hosts{fill:none;stroke:var(--c);stroke-linecap:round}svg .links{stroke:var(--axis);stroke-width:.5;opacity:.35;fill:none}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:13.5px;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:5px 12px 5px 0;border-bottom:1px solid var(--rule);vertical-align:top}
th{color:var(--soft);font-weight:600}.n{text-align:right;white-space:nowrap}
code,pre{font:13px/1.45 ui-monospace,"Cascadia Mono",Menlo,monospace}
pre{background:var(--card);border-radius:8px;padding:14px;overflow-x:auto;white-space:pre-wrap;margin:8px 0}
summary{cursor:pointer}
@media print{@page{margin:14mm}body{font-size:11px}figcaption{font-size:11px}.legend{font-size:9.5px}main{max-width:none;padding:0 2px}figure,.facts div,pre{background:none;border:1px solid var(--rule)}
.charts{grid-template-columns:1fr 1fr;gap:10px}table{font-size:9px}th,td{padding:3px 8px 3px 0}.help{display:none}code{font-size:9px}.scroll{overflow:visible}figure,tr,.facts{break-inside:avoid}h2{break-after:avoid}h1{font-size:20px}}
)css";
}

}  // namespace ghostnet::results
