/**
 * Many schedules of the simulation, for hours: each red seed on a line, and the position every thousand.
 *
 *     node tests/cluster/schedules.mjs [first] [count] [usual|strict|stopped|unusual]
 */
import { MODES } from "./simulation/modes.mjs";
import { schedule } from "./simulation/world.mjs";

const [first = "1", count = "1000000", mode = "usual"] = process.argv.slice(2);
const start = performance.now();
const counts = {};
let red = 0;

for (let made = 1; made <= Number(count); made += 1) {
  const seed = Number(first) + made - 1;
  const { errors, counts: seen } = run(seed);
  if (errors.length > 0) {
    red += 1;
    console.log(`SEED=${seed} (${mode}): ${JSON.stringify(errors)}`);
  }
  for (const [name, value] of Object.entries(seen)) counts[name] = (counts[name] ?? 0) + value;
  if (made % 1000 > 0) continue;
  const rate = (made / (performance.now() - start)) * 1000;
  console.log(`up to ${seed} (${mode}): ${red} of ${made} red, ${rate.toFixed(0)} a second`);
}
console.log(JSON.stringify(counts));
if (red > 0) process.exitCode = 1;

/** An exception is red as well. */
function run(seed) {
  try {
    return schedule(seed, MODES[mode](seed)).witness;
  } catch (error) {
    return { errors: [error.stack], counts: {} };
  }
}
