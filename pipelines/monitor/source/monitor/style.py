"""How the report looks: one sheet, for light and dark, narrow and wide."""

STYLE = """
:root {
  color-scheme: light dark;
  --ground: #f6f7f9; --card: #ffffff; --ink: #18202b; --soft: #5c6878; --line: #dde2e9;
  --before: #a3b1c2; --now: #2f6fde; --bad: #c9352b; --good: #1d8a55; --tint: #fdeeec;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #11161d; --card: #1a212b; --ink: #e6ebf2; --soft: #9aa8ba; --line: #2d3744;
    --before: #5d6c80; --now: #6aa1ff; --bad: #ff7a6e; --good: #4cc38a; --tint: #33211f;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 1180px; padding: 28px 24px 56px;
  background: var(--ground); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif;
}
.brand { margin: 0; color: var(--soft); font-size: 13px; }
.brand b { color: var(--ink); }
h1 { margin: 4px 0 18px; font-size: 26px; line-height: 1.25; letter-spacing: -0.01em; }
h1::before {
  content: ""; display: inline-block; width: 12px; height: 12px; margin-right: 10px;
  border-radius: 50%; background: var(--soft);
}
.bad h1::before { background: var(--bad); }
.good h1::before { background: var(--good); }
h2 { margin: 34px 0 10px; font-size: 17px; }
h3 { margin: 0; font-size: 14.5px; overflow-wrap: anywhere; }
.card {
  background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 14px 16px;
}
.tiles {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(140px, 1fr)); gap: 10px; margin: 0;
}
.tiles dt { color: var(--soft); font-size: 12.5px; }
.tiles dd { margin: 2px 0 0; font-weight: 600; overflow-wrap: anywhere; }
.tiles small { font-weight: 400; color: var(--soft); }
.violations { list-style: none; margin: 0; padding: 0; display: grid; gap: 8px; }
.violations li { border-left: 4px solid var(--bad); background: var(--tint); }
.violations b { display: block; font-size: 12.5px; color: var(--bad); }
.notes { margin: 0; padding-left: 20px; color: var(--soft); }
.scroll { overflow-x: auto; padding: 4px 0; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 6px 16px; text-align: right; white-space: nowrap; font-size: 13.5px; }
th { color: var(--soft); font-weight: 500; border-bottom: 1px solid var(--line); }
td { border-top: 1px solid var(--line); }
tr:first-child td { border-top: 0; }
.words { text-align: left; }
tr.flagged td { background: var(--tint); }
tr.flagged td:first-child { font-weight: 600; color: var(--bad); }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 310px), 1fr));
  gap: 12px; align-items: start; }
.charts p { margin: 0 0 8px; color: var(--soft); font-size: 12.5px; }
.charts .flagged { border-color: var(--bad); --now: var(--bad); }
.charts .flagged h3::after {
  content: "violation"; float: right; padding: 0 8px; border-radius: 9px; font-size: 11.5px;
  font-weight: 600; background: var(--tint); color: var(--bad);
}
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--soft); font-size: 10.5px; }
rect.before { fill: var(--before); }
rect.now { fill: var(--now); }
path.before { fill: var(--before); opacity: 0.6; }
path.now { fill: var(--now); fill-opacity: 0.22; stroke: var(--now); stroke-width: 1.6; }
line.axis { stroke: var(--line); }
line.limit { stroke: var(--ink); stroke-width: 1.4; stroke-dasharray: 4 3; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 0 0 10px; color: var(--soft);
  font-size: 13px; }
.legend i { display: inline-block; width: 11px; height: 11px; margin-right: 6px;
  border-radius: 2px; }
.legend .before { background: var(--before); }
.legend .now { background: var(--now); }
.legend .off { background: var(--bad); }
.legend .limit { width: 0; height: 13px; border-left: 2px dashed var(--ink); border-radius: 0;
  vertical-align: -2px; }
@media (max-width: 560px) {
  body { padding: 18px 14px 40px; }
  h1 { font-size: 21px; }
  th, td { padding: 6px 10px; }
}
"""
