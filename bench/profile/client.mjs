/**
 * CPU profile of one client that receives or sends text in Node. Prints the profile of V8 as JSON.
 *
 *     node client.mjs MODULE URL CASE WARM_UP MESSAGES
 */
import { Session } from "node:inspector/promises";

import { CASES } from "../cases.mjs";
import { load } from "../load.mjs";

/** Sampling interval, µs. */
const INTERVAL = 100;

// The profiler attributes built-in functions to their callers; wrappers make these two distinguishable.
const { parse, stringify } = JSON;
JSON.parse = function parseJson(text) {
  return parse(text);
};
JSON.stringify = function stringifyJson(value) {
  return stringify(value);
};

const [module = "", url = "", key, warmUp, messages] = process.argv.slice(2);
const traffic = CASES.find((each) => each.key === key);
if (traffic === undefined) throw new Error(`unknown case "${key}"`);
const { connect } = await import(module);
const client = await load(connect, url, traffic);
const run = client[traffic.work];
await run(Number(warmUp));
const session = new Session();
session.connect();
await session.post("Profiler.enable");
await session.post("Profiler.setSamplingInterval", { interval: INTERVAL });
await session.post("Profiler.start");
await run(Number(messages));
const { profile } = await session.post("Profiler.stop");
process.stdout.write(JSON.stringify(profile), () => process.exit());
