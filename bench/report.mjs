/** Results as Markdown. */
import { BUDGETS } from "./budgets.mjs";
import { FLOOR } from "./clients/index.mjs";
import { ratios, spread } from "./stats.mjs";
import { verdict } from "./verdict.mjs";

/** @param {number} value */
export function number(value, digits) {
  return value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** A median with its ends, where these differ. */
function withEnds(values, digits) {
  const { median, min, max } = spread(values);
  const text = number(median, digits);
  return values.length === 1 ? text : `${text} (${number(min, digits)}–${number(max, digits)})`;
}

/**
 * @param {string[]} head
 * @param {string[][]} rows
 */
export function table(head, rows) {
  const line = (cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), `|${"---|".repeat(head.length)}`, ...rows.map(line)].join("\n");
}

/** What a client's row says of a series. */
function cell({ key, ratio, digits }, client, { values, reasons }) {
  const reason = reasons[key]?.[client];
  if (reason !== undefined) return reason;
  const all = values[key]?.[client] ?? [];
  const measured = all.filter((value) => Number.isFinite(value));
  if (measured.length === 0) return "–";
  if (!ratio) return withEnds(measured, digits);
  const quotients = ratios(all, values[key][FLOOR] ?? []);
  return `${number(spread(measured).median, digits)}; ${quotients.length ? withEnds(quotients, 2) : "–"}`;
}

/** Rounds in words; not all series of a table have as many. */
const counted = (fewer, rounds) =>
  `${fewer < rounds ? `${fewer} or ${rounds}` : rounds} round${rounds === 1 ? "" : "s"}`;

const isReason = (text) => !/^[\d–]/.test(text);

function groupTable(group, series, results) {
  const names = results.clients
    .map(({ name }) => name)
    .filter((name) => series.some((each) => cell(each, name, results) !== "–"));
  const rounds = Math.max(...series.map((each) => each.rounds));
  const fewer = Math.min(...series.map((each) => each.rounds));
  const head = series.map(({ title, ratio }) => (ratio ? `${title}; by the floor` : title));
  const how = series.every(({ exact }) => exact) ? "" : `, ${counted(fewer, rounds)}`;
  const rows = names.map((name) => {
    const cells = series.map((each) => cell(each, name, results));
    // A reason need not be said twice.
    return [name, ...cells.map((text, nth) => (isReason(text) && cells.indexOf(text) < nth ? "–" : text))];
  });
  return `## ${group}${how}\n\n${table(["client", ...head], rows)}\n`;
}

function limit([least, most], digits, unit) {
  if (least === most) return `exactly ${most}`;
  const range = least === -Infinity ? `≤ ${number(most, digits)}` : `${least}–${most}`;
  return `${range} ${unit}`.trim();
}

function budgetTable(results) {
  const rows = BUDGETS.map((budget) => {
    const { figures, verdict: said } = verdict(budget, results);
    const { must, aim, unit, what } = budget;
    const digits = unit === "×" ? 2 : 0;
    const shown = figures.map((figure) => number(figure, /^k/i.test(unit) && figure < 100 ? 1 : digits));
    const measured = shown.length > 0 ? `${shown.join(", ")} ${unit}`.trim() : "–";
    return [what, limit(must, digits, unit), aim ? limit(aim, digits, unit) : "", measured, said];
  });
  return `## Budgets of this package\n\n${table(["what", "budget", "aim", "measured", "verdict"], rows)}\n`;
}

const NOTES = [
  "What is compared does the same work: the same frames, JSON.parse and a Map of handlers where the " +
    "client gives only the message, and a handler that reads the same field. In Node all of them use `ws`.",
  "CPU in Node is user and system time of the client's process; in Chromium it is that of the renderer's " +
    "main thread (`ThreadTime` of the DevTools protocol), without the browser's network service.",
  "The audio's handler reads a `Uint8Array`: this package gives it as `bytes`; its `arrayBuffer`, a copy " +
    "in Node, has a row of its own. The floor, the wrappers and @mentra/sdk give an ArrayBuffer.",
  "A message that is sent is built, dated and turned into JSON; after each 500 the server says that it has them.",
  "A cold start begins before the import, in a fresh process. `connecting` is the event of this package; " +
    "the others connect when they are made. The wrappers and `tpa-session` are handed `ws`, and so import it " +
    "before; without the option WebSocket this package finds it when it dials. Medians of three starts a round.",
  "Clients have their defaults. websocket-ts comes back only with a backoff: it has the constant second of " +
    "its documentation. reconnecting-websocket, partysocket, @nktkas/rews and websocket-ts try for ever; " +
    "@mentra/sdk and this package try three times (`maxReconnectAttempts`). The floor does not come back.",
  "Only Chromium has `online`: Node tells nothing of its network. The page is set offline and back by the " +
    "DevTools protocol, with the server away meanwhile; a client that does not know the event comes back by its backoff.",
  "@nktkas/rews is made for a browser or for the WebSocket of Node 22; on `ws`, which is what all clients " +
    "have here, its process ends when a dial is refused.",
  "Memory is what 1,000 or 10,000 sessions add to a process that had twenty, after a collection.",
  "@mentra/sdk runs without its logs, which go to a worker otherwise.",
];

/**
 * @param {object} results
 * @param {string} picture the file of the plot
 * @returns {string}
 */
export function report(results, picture) {
  const { machine, versions, rounds, messages, pageMessages, minutes, series } = results;
  const groups = grouped(series);
  const named = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    "# This package beside its peers\n",
    `Each client does the same work in a process of Node or a page of Chromium of its own, in rounds that begin with another client each time. ` +
      `A cell holds the median and, in brackets, the least and the most of all rounds; after a semicolon comes the ratio to the floor of the same round, a bare socket with JSON.parse and a Map of handlers. ` +
      `Machines are noisy: trust the ratios before the microseconds, and no difference that is smaller than its brackets.\n`,
    `${counted(rounds, rounds)} of ${number(messages, 0)} messages (in Chromium ${number(pageMessages, 0)}, but all of them for text), ${minutes} minutes, on ${machine}; ` +
      `where a table has fewer rounds, it says so.`,
    `${named.join(", ")}.\n`,
    `![Bars for each client: CPU by message, cold start, memory and size](${picture})\n`,
    budgetTable(results),
    ...[...groups].map(([group, members]) => groupTable(group, members, results)),
    "## Notes\n",
    ...NOTES.map((note) => `- ${note}`),
    "",
  ].join("\n");
}

/** The series by the table that they are in. */
function grouped(series) {
  const groups = new Map();
  for (const each of series) groups.set(each.group, [...(groups.get(each.group) ?? []), each]);
  return groups;
}
