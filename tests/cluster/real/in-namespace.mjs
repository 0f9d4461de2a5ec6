/**
 * Runs one case on machines, in the network namespace that it was started in. Writes a line of JSON.
 *
 *     node in-namespace.mjs '{"name": …, "cloud": […], "options": {…}}'
 */
import { MACHINE_CASES } from "./machine-cases.mjs";
import { onMachines } from "./machines.mjs";

const { name, cloud, options } = JSON.parse(process.argv[2] ?? "{}");
const one = MACHINE_CASES.find((each) => each.name === name);
if (one === undefined) throw new Error(`no case ${name}`);
const bound = (/** @type {number} */ ms) => ms * options.slack;
const result = await onMachines(one.run, { ...one.plan, cloud }, { ...options, bound });
console.log(JSON.stringify(result));
process.exit();
