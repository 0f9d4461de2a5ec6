/** Chart of the most important results: a panel of bars for each. */
import { FLOOR, OURS } from "./clients/index.mjs";
import { number } from "./report.mjs";
import { ratios, spread } from "./stats.mjs";

/**
 * @typedef {{ key: string, title: string, by?: boolean }} Panel `by` for ratios to the floor
 * @typedef {{ name: string, median: number, min: number, max: number }} Bar
 */

/** @type {Panel[]} */
const PANELS = [
  { key: "text.node", title: "Receive text, Node", by: true },
  { key: "several.node", title: "Receive text, many handlers, Node", by: true },
  { key: "audio3200.node", title: "Receive 3,200 B of audio, Node", by: true },
  { key: "card.node", title: "Send a card, Node", by: true },
  { key: "text.page", title: "Receive text, Chromium", by: true },
  { key: "card.page", title: "Send a card, Chromium", by: true },
  { key: "memory.1000.both", title: "Heap and external per idle session, KiB" },
  { key: "memory.1000.rss", title: "Resident per idle session, KiB" },
  { key: "start.dial", title: "Cold start, Node, ms" },
  { key: "start.page.dial", title: "Cold start, Chromium, ms" },
  { key: "size.brotli", title: "Delivered, brotli, kB" },
];
const COLUMNS = 3;
/** Lengths in px. */
const PANEL = 430;
const LABELS = 190;
const VALUES = 54;
const BAR = 16;
const GAP = 6;
const HEAD = 44;

const STYLE = `
.back { fill: #ffffff } text { fill: #24292f } .quiet { fill: #57606a } .bar { fill: #8c959f } .ours { fill: #1a7f5a }
.spread { stroke: #24292f } .one { stroke: #57606a }
@media (prefers-color-scheme: dark) {
.back { fill: #0d1117 } text { fill: #e6edf3 } .quiet { fill: #9198a1 } .bar { fill: #6e7681 } .ours { fill: #3fb98a }
.spread { stroke: #e6edf3 } .one { stroke: #9198a1 }
}`;

const escape = (/** @type {string} */ text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

/**
 * Bars of a panel.
 *
 * @param {Panel} panel
 * @param {Pick<import("./types.js").Results, "clients" | "values">} results
 * @returns {Bar[]}
 */
function bars({ key, by }, { clients, values }) {
  return clients.flatMap(({ name }) => {
    const all = values[key]?.[name] ?? [];
    const figures = by
      ? ratios(all, values[key]?.[FLOOR] ?? [])
      : all.filter((value) => Number.isFinite(value));
    return figures.length === 0 ? [] : [{ name, ...spread(figures) }];
  });
}

/**
 * Value of a bar with a precision that fits its size.
 *
 * @param {number} value
 * @param {boolean} isRatio
 */
function label(value, isRatio) {
  if (value >= 100) return number(value, 0);
  return number(value, isRatio ? 2 : 1);
}

/**
 * @param {Panel} panel
 * @param {Bar[]} rows
 * @param {number} left
 * @param {number} top
 * @returns {(string | false)[]}
 */
function panel({ title, by = false }, rows, left, top) {
  const full = PANEL - LABELS - VALUES;
  const most = Math.max(...rows.map(({ max }) => max));
  const x = (/** @type {number} */ value) => (left + LABELS + (value / most) * full).toFixed(1);
  const drawn = rows.map(({ name, median, min, max }, nth) => {
    const y = top + HEAD + nth * (BAR + GAP);
    const middle = y + BAR / 2;
    const kind = name.startsWith(OURS) ? "ours" : "bar";
    return [
      `<text x="${left + LABELS - 6}" y="${middle + 4}" text-anchor="end">${escape(name)}</text>`,
      `<rect class="${kind}" x="${x(0)}" y="${y}" width="${((median / most) * full).toFixed(1)}" height="${BAR}" rx="2"/>`,
      min < max && `<line class="spread" x1="${x(min)}" x2="${x(max)}" y1="${middle}" y2="${middle}"/>`,
      `<text x="${left + PANEL - VALUES + 6}" y="${middle + 4}">${label(median, by)}</text>`,
    ];
  });
  const bottom = top + HEAD + rows.length * (BAR + GAP);
  const one =
    by &&
    `<line class="one" x1="${x(1)}" x2="${x(1)}" y1="${top + HEAD - 6}" y2="${bottom}" stroke-dasharray="3 3"/>`;
  const scale = by ? "CPU by the floor, dashed" : "";
  return [
    `<text x="${left + 10}" y="${top + 20}" font-weight="bold">${title}</text>`,
    `<text class="quiet" x="${left + PANEL - 8}" y="${top + 20}" text-anchor="end" font-size="11">${scale}</text>`,
    ...drawn.flat(),
    one,
  ];
}

/**
 * @param {Pick<import("./types.js").Results, "clients" | "values">} results
 * @returns {string} SVG
 */
export function plot(results) {
  const filled = PANELS.map((each) => ({ each, rows: bars(each, results) })).filter(
    ({ rows }) => rows.length > 0,
  );
  let top = 10;
  /** @type {(string | false)[]} */
  const parts = [];
  for (let at = 0; at < filled.length; at += COLUMNS) {
    const row = filled.slice(at, at + COLUMNS);
    row.forEach(({ each, rows }, nth) => parts.push(...panel(each, rows, nth * PANEL, top)));
    top += HEAD + Math.max(...row.map(({ rows }) => rows.length)) * (BAR + GAP) + 16;
  }
  const width = COLUMNS * PANEL;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${top}" font-family="sans-serif" font-size="12">
<style>${STYLE}
</style>
<rect class="back" width="${width}" height="${top}"/>
${parts.filter(Boolean).join("\n")}
</svg>
`;
}
