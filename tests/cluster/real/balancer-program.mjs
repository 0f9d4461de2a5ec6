/**
 * The balancer as a program: it tells its parent where it listens, and answers the commands that it gets from
 * there. It ends with its parent.
 */
import { Balancer } from "./balancer.mjs";
import { POLICIES } from "./policies.mjs";

const balancer = new Balancer();

/** Commands by name. @type {Record<string, (given: any) => unknown>} */
const COMMANDS = {
  add: (target) => balancer.add(target),
  remove: (target) => balancer.remove(target),
  use: (name) => void (balancer.policy = POLICIES[name]?.(() => balancer.targets) ?? {}),
  result: () => balancer.policy.result?.(),
  passed: () => balancer.passed,
};

const tell = (/** @type {object} */ message) => process.send?.(message);

process.on("message", async (/** @type {any} */ { id, command, given }) => {
  try {
    tell({ id, result: await COMMANDS[command]?.(given) });
  } catch (error) {
    tell({ id, error: `${error}` });
  }
});
process.on("disconnect", () => process.exit());
tell({ url: await balancer.listen() });
