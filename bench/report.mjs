/**
 * Results as Markdown.
 *
 * @typedef {import("./types.js").Results} Results
 * @typedef {Results["series"][number]} Series
 */
import { BUDGETS } from "./budgets.mjs";
import { FLOOR } from "./clients/index.mjs";
import { ratios, spread } from "./stats.mjs";
import { verdict } from "./verdict.mjs";

/**
 * @param {number} value
 * @param {number} digits decimal places
 */
export function number(value, digits) {
  return value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/**
 * Median, with minimum and maximum in brackets if there are several values.
 *
 * @param {number[]} values
 * @param {number} digits
 */
export function withEnds(values, digits) {
  const { median, min, max } = spread(values);
  const text = number(median, digits);
  return values.length === 1 ? text : `${text} (${number(min, digits)}–${number(max, digits)})`;
}

/**
 * @param {string[]} head
 * @param {string[][]} rows
 */
export function table(head, rows) {
  const line = (/** @type {string[]} */ cells) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), `|${"---|".repeat(head.length)}`, ...rows.map(line)].join("\n");
}

/**
 * Cell of a client in a series.
 *
 * @param {Series} series
 * @param {string} client
 * @param {Results} results
 */
function cell({ key, ratio, digits }, client, { values, reasons }) {
  const reason = reasons[key]?.[client];
  if (reason !== undefined) return reason;
  const all = values[key]?.[client] ?? [];
  const measured = all.filter((value) => Number.isFinite(value));
  if (measured.length === 0) return "–";
  if (!ratio) return withEnds(measured, digits);
  const quotients = ratios(all, values[key]?.[FLOOR] ?? []);
  return `${number(spread(measured).median, digits)}; ${quotients.length ? withEnds(quotients, 2) : "–"}`;
}

/** Number of rounds; the series of a table may differ. @type {(fewer: number, rounds: number) => string} */
const counted = (fewer, rounds) =>
  `${fewer < rounds ? `${fewer} or ${rounds}` : rounds} round${rounds === 1 ? "" : "s"}`;

const isReason = (/** @type {string} */ text) => !/^[\d–]/.test(text);

/**
 * @param {string} group
 * @param {Series[]} series
 * @param {Results} results
 */
function groupTable(group, series, results) {
  const names = results.clients
    .map(({ name }) => name)
    .filter((name) => series.some((each) => cell(each, name, results) !== "–"));
  const rounds = Math.max(...series.map((each) => each.rounds));
  const fewer = Math.min(...series.map((each) => each.rounds));
  const head = series.map(({ title, ratio }) => (ratio ? `${title}; by the floor` : title));
  const suffix = series.every(({ exact }) => exact) ? "" : `, ${counted(fewer, rounds)}`;
  const rows = names.map((name) => {
    const cells = series.map((each) => cell(each, name, results));
    // A repeated reason is shown once.
    return [name, ...cells.map((text, nth) => (isReason(text) && cells.indexOf(text) < nth ? "–" : text))];
  });
  return `## ${group}${suffix}\n\n${table(["client", ...head], rows)}\n`;
}

/**
 * @param {[number, number]} range
 * @param {number} digits
 * @param {string} unit
 */
function limit([least, most], digits, unit) {
  if (least === most) return `exactly ${most}`;
  const range = least === -Infinity ? `≤ ${number(most, digits)}` : `${least}–${most}`;
  return `${range} ${unit}`.trim();
}

/** @param {Results} results */
function budgetTable(results) {
  const rows = BUDGETS.map((budget) => {
    const { figures, verdict: outcome } = verdict(budget, results);
    const { must, aim, unit, what } = budget;
    const digits = unit === "×" ? 2 : Number(!Number.isInteger(must[1]));
    const shown = figures.map((figure) => number(figure, /^k/i.test(unit) && figure < 100 ? 1 : digits));
    const measured = shown.length > 0 ? `${shown.join(", ")} ${unit}`.trim() : "–";
    return [what, limit(must, digits, unit), aim ? limit(aim, digits, unit) : "", measured, outcome];
  });
  return `## Budgets of this package\n\n${table(["what", "budget", "aim", "measured", "verdict"], rows)}\n`;
}

const NOTES = [
  "All clients do the same work: the same frames, JSON.parse and a Map of handlers where the client only " +
    "delivers the message, and handlers that read the same field. In Node all of them use `ws`, the floor " +
    'by `ws.on("message")`. The thousand transcriptions differ in text, times and speaker; their stream is ' +
    "`transcription:en-US`. A row marked as easy is easier than the traffic of an app.",
  "All clients of a row run at the same time and work in turn, in twenty slices a round; the figure of a round " +
    "is the lower quartile of its slices. The server writes a thousand messages at once, so that time goes to messages " +
    "rather than to system calls, and it answers pings.",
  "CPU in Node is user and system time of the client's process; in Chromium it is that of the renderer's " +
    "main thread (`ThreadTime` of the DevTools protocol), without the browser's network service.",
  "The handler of audio reads a `Uint8Array`: this package provides it as `bytes`; its `arrayBuffer`, a copy " +
    "in Node, has a row of its own. The floor reads the Buffer of `ws`; the wrappers and @mentra/sdk provide an ArrayBuffer.",
  "Sending a card includes building it, its timestamp and JSON.stringify; the server confirms every 500 cards. " +
    "Only @mentra/sdk and this package have methods for layouts; with the others an app writes the frame itself.",
  "A cold start begins before the import, in a fresh process. `connecting` is the event of this package; " +
    "the others connect on construction. The wrappers and `tpa-session` receive `ws` as an option, and so import it " +
    "first; without the option WebSocket this package loads it when it connects. Medians of five starts a round.",
  "Clients have their defaults. websocket-ts reconnects only with a backoff: it has the constant second of " +
    "its documentation. reconnecting-websocket, partysocket, @nktkas/rews and websocket-ts retry without limit; " +
    "@mentra/sdk and this package try three times (`maxReconnectAttempts`). The floor does not reconnect.",
  "Only Chromium has the event `online`. The page is set offline and back through the DevTools protocol, while " +
    "the server is away; a client that ignores the event reconnects by its backoff.",
  "@nktkas/rews is made for a browser or for the WebSocket of Node 22; on `ws`, which all clients use here, " +
    "its process ends when a connection is refused.",
  "Cold starts in Chromium: a fresh renderer, HTTP cache off, the bundle minified; the clock starts before the " +
    "bundle's first module runs. Medians of five starts a round.",
  "Memory is the increase by 1,000 or 10,000 sessions in a process that had twenty, after garbage collection. " +
    "Each session has handlers of two streams, and of `disconnected`, `reconnecting` and `error` where the client " +
    "has such events. `external` is memory that V8 knows of outside its heap, such as that of WebAssembly.",
  "@mentra/sdk runs without its logs, which a worker writes otherwise.",
];

/**
 * @param {Results} results
 * @param {string} picture file of the chart
 * @returns {string}
 */
export function report(results, picture) {
  const { machine, versions, rounds, messages, pageMessages, minutes, series } = results;
  const groups = grouped(series);
  const named = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    "# This package beside its peers\n",
    `Each client does the same work in its own Node process or Chromium page, in rounds that start with a different client each time. ` +
      `A cell shows the median and, in brackets, the minimum and maximum of all rounds; after a semicolon follows the ratio to the floor of the same round: a bare socket with JSON.parse and a Map of handlers. ` +
      `Machines are noisy: prefer ratios to microseconds, and ignore differences smaller than the brackets.\n`,
    `${counted(rounds, rounds)} of ${number(messages, 0)} messages (in Chromium ${number(pageMessages, 0)}), ${minutes} minutes, on ${machine}; ` +
      `tables with fewer rounds are marked.`,
    `${named.join(", ")}.\n`,
    `![Bars for each client: CPU by message, cold start, memory and size](${picture})\n`,
    budgetTable(results),
    ...[...groups].map(([group, members]) => groupTable(group, members, results)),
    "## Notes\n",
    ...NOTES.map((note) => `- ${note}`),
    "",
  ].join("\n");
}

/** Series by table. @param {Series[]} series */
function grouped(series) {
  /** @type {Map<string, Series[]>} */
  const groups = new Map();
  for (const each of series) groups.set(each.group, [...(groups.get(each.group) ?? []), each]);
  return groups;
}
