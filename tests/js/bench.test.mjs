/** Statistics, tables and charts of the benchmarks. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { CASES, FRAMES, MEAN_BYTES, TEXT_BYTES } from "../../bench/cases.mjs";
import { FLOOR, OURS } from "../../bench/clients/index.mjs";
import { plot } from "../../bench/plot.mjs";
import { summarise } from "../../bench/profile/summary.mjs";
import { report, table } from "../../bench/report.mjs";
import { Samples } from "../../bench/samples.mjs";
import { lowerQuartile, median, ratios, spread } from "../../bench/stats.mjs";
import { verdict } from "../../bench/verdict.mjs";

/** Three rounds in which this package takes 1, 1.1 and 1.3 of the floor. */
const RESULTS = {
  machine: "a machine",
  versions: { Node: "20.0.0" },
  rounds: 3,
  messages: 1000,
  pageMessages: 250,
  minutes: 1,
  clients: [{ name: FLOOR }, { name: "peer <1>" }, { name: OURS }],
  series: [{ key: "text.node", group: "CPU", title: "text", ratio: true, digits: 2, rounds: 3 }],
  values: { "text.node": { [FLOOR]: [2, 4, 10], [OURS]: [2, 4.4, 13] } },
  reasons: { "text.node": { "peer <1>": "made for another place" } },
};

test("the median is the middle value, or the mean of the two middle values", () => {
  assert.equal(median([30, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 30]), 3);
  assert.equal(lowerQuartile([9, 1, 8, 2, 7]), 2);
  assert.deepEqual(spread([3, 1, 2]), { median: 2, min: 1, max: 3 });
});

test("a ratio is to the floor of the same round; rounds without both are omitted", () => {
  const [lacking] = [];
  assert.deepEqual(ratios([2, lacking, 9, 8], [1, 1, lacking, 2]), [2, 4]);
});

test("frames have the sizes stated in the tables", () => {
  const [repeated] = FRAMES.repeated();
  assert.equal(Buffer.byteLength(repeated), TEXT_BYTES);
  const sizes = FRAMES.different().map((frame) => Buffer.byteLength(frame));
  const mean = sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
  assert.ok(Math.abs(mean - MEAN_BYTES) < 5, `mean: ${mean}`);
  assert.equal(FRAMES.audio3200()[0].length, 3200);
});

test("a thousand transcriptions differ in text, times and speaker", () => {
  const frames = FRAMES.different().map((frame) => JSON.parse(frame));
  const count = (read) => new Set(frames.map(read)).size;
  assert.equal(frames.length, 1000);
  assert.equal(
    count((frame) => frame.timestamp),
    1000,
  );
  assert.equal(
    count(({ data }) => data.startTime),
    1000,
  );
  assert.ok(count(({ data }) => data.text) > 100);
  assert.ok(count(({ data }) => data.speakerId) > 1);
  const [{ streams }] = CASES;
  assert.deepEqual(streams, [...new Set(frames.map(({ streamType }) => streamType))]);
});

test("a figure of a later round removes the reason of an earlier one", () => {
  const samples = new Samples();
  samples.fail({ series: [{ key: "a" }] }, { name: OURS }, "gone");
  samples.add({ name: OURS }, 1, { a: 5 });
  const { values, reasons } = samples.all();
  assert.deepEqual([values.a[OURS], reasons.a], [[, 5], {}]);
});

test("saved figures are restored, with their gaps", () => {
  const samples = new Samples();
  samples.add({ name: OURS }, 1, { a: 5 });
  samples.fail({ series: [{ key: "b" }] }, { name: OURS }, "gone");
  const restored = new Samples(JSON.parse(JSON.stringify(samples.all())));
  assert.deepEqual(restored.all(), samples.all());
});

test("a failed round records a reason only for series without a figure", () => {
  const samples = new Samples();
  const measure = { series: [{ key: "a" }, { key: "b" }] };
  samples.add({ name: OURS }, 1, { a: 5, b: undefined });
  samples.fail(measure, { name: OURS }, "gone");
  const { values, reasons } = samples.all();
  assert.deepEqual(values.a[OURS], [, 5]);
  assert.deepEqual(reasons, { b: { [OURS]: "gone" } });
});

test("a budget applies to the median, or to minimum and maximum", () => {
  const budget = { what: "text", key: "text.node", by: FLOOR, unit: "×" };
  const judged = (rest) => verdict({ ...budget, ...rest }, RESULTS).verdict;
  assert.equal(judged({ must: [-Infinity, 1.05] }), "missed");
  assert.equal(judged({ must: [-Infinity, 1.1], aim: [-Infinity, 1.05] }), "reached");
  assert.equal(judged({ must: [-Infinity, 1.2], aim: [-Infinity, 1.1] }), "reached, and its aim");
  const ends = { by: undefined, of: "ends" };
  assert.equal(judged({ ...ends, must: [2, 13] }), "reached");
  assert.equal(judged({ ...ends, must: [2, 12] }), "missed");
  assert.equal(judged({ ...ends, must: [3, 13] }), "missed");
  assert.equal(judged({ key: "nothing", must: [0, 1] }), "not measured");
});

test("a table escapes the column separator in cells", () => {
  assert.equal(table(["a", "b"], [["x | y", "z"]]), "| a | b |\n|---|---|\n| x \\| y | z |");
});

test("the report has each client's figures, or the reason for their absence, and the verdicts", () => {
  const text = report(RESULTS, "clients.svg");
  assert.match(text, new RegExp(`\\| ${OURS} \\| 4\\.40; 1\\.10 \\(1\\.00–1\\.30\\) \\|`));
  assert.match(text, /\| peer <1> \| made for another place \|/);
  assert.match(
    text,
    /\| receive .* in Node, one handler, by the floor \| ≤ 1\.05 × \| ≤ 1\.00 × \| 1\.10 × \| missed \|/,
  );
});

test("the chart has a bar for each client with a figure, and both colour schemes", () => {
  const svg = plot(RESULTS);
  assert.equal(svg.match(/<rect class="(bar|ours)"/g).length, 2);
  assert.match(svg, /prefers-color-scheme: dark/);
  assert.doesNotMatch(svg, /NaN|undefined|false/);
  assert.doesNotMatch(svg, /peer </);
});

test("a profile is divided by module, without idle time", () => {
  const frame = (functionName, url = "") => ({ functionName, url, lineNumber: 6 });
  const nodes = [
    frame("(idle)"),
    frame("parseJson", "file:///x/bench/profile/client.mjs"),
    frame("consume", "/x/node_modules/ws/lib/receiver.js"),
    frame("p", "file:///x/pkg/node.js"),
    frame("f", "wasm://wasm/1"),
    frame("(program)"),
  ].map((callFrame, id) => ({ id, callFrame }));
  const { modules, functions } = summarise({
    nodes,
    samples: [0, 1, 2, 3, 4, 5, 1],
    timeDeltas: [100, 1, 2, 4, 8, 16, 32],
  });
  assert.deepEqual(Object.fromEntries(modules), {
    "JSON.parse": 33,
    ws: 2,
    "tpa-session: JavaScript": 4,
    "tpa-session: wasm": 8,
    "outside JavaScript: system calls, Node, V8": 16,
  });
  assert.equal(functions.get("ws · consume receiver.js:7"), 2);
});
