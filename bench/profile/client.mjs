/**
 * Where the time goes while one client receives or sends text in Node. Prints a profile of V8.
 *
 *     node client.mjs MODULE URL receive|send WARM_UP MESSAGES
 */
import { Session } from "node:inspector/promises";

import { load } from "../load.mjs";

/** Between two samples, µs. */
const INTERVAL = 100;

// Built-in functions count as their caller; these have one of their own.
const { parse, stringify } = JSON;
JSON.parse = function parseJson(text) {
  return parse(text);
};
JSON.stringify = function stringifyJson(value) {
  return stringify(value);
};

const [module, url, work, warmUp, messages] = process.argv.slice(2);
const { connect } = await import(module);
const client = await load(connect, url);
await client[work](Number(warmUp));
const session = new Session();
session.connect();
await session.post("Profiler.enable");
await session.post("Profiler.setSamplingInterval", { interval: INTERVAL });
await session.post("Profiler.start");
await client[work](Number(messages));
const { profile } = await session.post("Profiler.stop");
process.stdout.write(JSON.stringify(profile), () => process.exit());
