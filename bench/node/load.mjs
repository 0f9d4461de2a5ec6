/**
 * CPU time (user and system) of one client under load.
 *
 *     node load.mjs MODULE URL CASE
 *
 * Reads numbers of messages, one on each line, and prints the µs per message of each.
 */
import { createInterface } from "node:readline";

import { CASES } from "../cases.mjs";
import { load } from "../load.mjs";

const [module = "", url = "", key] = process.argv.slice(2);
const traffic = CASES.find((each) => each.key === key);
if (traffic === undefined) throw new Error(`unknown case "${key}"`);
const { connect } = await import(module);
const client = await load(connect, url, traffic);
for await (const line of createInterface(process.stdin)) {
  const before = process.cpuUsage();
  await client[traffic.work](Number(line));
  const { user, system } = process.cpuUsage(before);
  process.stdout.write(`${(user + system) / Number(line)}\n`);
}
process.exit();
