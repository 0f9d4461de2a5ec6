/**
 * Where the time goes while one client receives text in Node. Prints a profile of V8.
 *
 *     node client.mjs MODULE URL WARM_UP FRAMES
 */
import { Session } from "node:inspector/promises";

import { load } from "../load.mjs";

/** Between two samples, µs. */
const INTERVAL = 100;

// Built-in functions count as their caller; this makes one of its own.
const { parse } = JSON;
JSON.parse = function parseJson(text) {
  return parse(text);
};

const [module, url, warmUp, frames] = process.argv.slice(2);
const { connect } = await import(module);
const client = await load(connect, url);
await client.receive(Number(warmUp));
const session = new Session();
session.connect();
await session.post("Profiler.enable");
await session.post("Profiler.setSamplingInterval", { interval: INTERVAL });
await session.post("Profiler.start");
await client.receive(Number(frames));
const { profile } = await session.post("Profiler.stop");
process.stdout.write(JSON.stringify(profile), () => process.exit());
