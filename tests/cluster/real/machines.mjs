/**
 * Faults between machines: one process runs in a network namespace of its own.
 *
 * @import { Namespace } from "../../network/namespace.mjs"
 * @import { Deployment, Plan } from "./deployment.mjs"
 * @import { Options, Result } from "./matrix.mjs"
 *
 * @typedef {(deployment: Deployment, machine: Machine, options: Options) => Promise<Result>} MachineRun
 */
import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

import { Namespace as Space } from "../../network/namespace.mjs";
import { Deployment as Site } from "./deployment.mjs";
import { Problems, spread } from "./figures.mjs";
import { backAfter, checkAfterwards, counted, populate } from "./losses.mjs";

const run = promisify(execFile);
/** Addresses for documentation, which are routed nowhere. */
const SITE = "192.0.2.1";
const MACHINE = "192.0.2.2";
/** Time in which the others take the sessions over, ms. */
const BACK_MS = 40_000;

/** A machine with one process, connected to the network that this program runs in. */
export class Machine {
  /** @param {Namespace} space */
  constructor(space) {
    this.space = space;
  }

  static async create() {
    const space = await Space.create();
    const peer = ["peer", "name", "eth0", "netns", String(space.pid)];
    await run("ip", ["link", "add", "name", "eth0", "type", "veth", ...peer]);
    await run("ip", ["address", "add", `${SITE}/24`, "dev", "eth0"]);
    await run("ip", ["link", "set", "eth0", "up"]);
    await space.run("ip", "address", "add", `${MACHINE}/24`, "dev", "eth0");
    await space.run("ip", "link", "set", "eth0", "up");
    return new Machine(space);
  }

  /** Drops packets in both directions. @param {...string} which packets; default: all */
  async drop(...which) {
    const to = which.map((word) => (word === "port" ? "--dport" : word));
    const from = which.map((word) => (word === "port" ? "--sport" : word));
    await this.space.run("iptables", "--wait", "-A", "OUTPUT", ...to, "-j", "DROP");
    await this.space.run("iptables", "--wait", "-A", "INPUT", ...from, "-j", "DROP");
  }

  restore() {
    return this.space.run("iptables", "--wait", "-F");
  }
}

/** The machine is lost: no packet of it arrives any more, and no connection is reset. @type {MachineRun} */
export async function lostMachine(deployment, machine, { users: count, bound, lease }) {
  await populate(deployment, count);
  const lost = /** @type {any} */ (deployment.processes.at(-1));
  const users = deployment.usersOf(lost);
  const since = deployment.mark();
  await machine.drop();
  await deployment.haveMoved(users, BACK_MS);
  const back = spread(backAfter(deployment, users));
  // What the balancer does not reach does not count, and could not be asked.
  lost.isFrozen = true;
  const problems = new Problems();
  problems.atMost("back after (median), ms", back.p50, bound(lease + 2000));
  problems.atMost("back after (worst), ms", back.max, bound(lease + 4000));
  const passed = await deployment.balancer.passed();
  const asked = passed.filter(({ to, at }) => to === lost.name && at >= since);
  await checkAfterwards(deployment, problems, { moved: users, mayBeGivenUp: asked.length });
  return { figures: { back, ...counted(deployment) }, problems: problems.list };
}

/** One process does not reach Redis for a time; the cloud and the balancer reach it. @param {number} ms @returns {MachineRun} */
export const partitioned = (ms) =>
  async function partitioned(deployment, machine, { users: count, old }) {
    await populate(deployment, count);
    const cut = /** @type {any} */ (deployment.processes.at(-1));
    const users = deployment.usersOf(cut);
    const since = deployment.mark();
    await machine.drop("-p", "tcp", "port", String(deployment.redis.port));
    await sleep(ms);
    const back = spread(backAfter(deployment, users));
    await machine.restore();
    const problems = new Problems();
    const { lateCards } = deployment.witness.counts;
    await checkAfterwards(deployment, problems, { moved: users });
    // It goes on until it hears of the others, so its cards are shown by a cloud that still reads them.
    const areRead = old !== "close";
    const list = problems.list.filter((text) => !(areRead && text.startsWith("cards of old connections")));
    return {
      figures: { back, until: Date.now() - since, lateCards, ...counted(deployment) },
      problems: list,
    };
  };

/**
 * Runs a case with three processes here and one on a machine of its own. This program runs in a network
 * namespace that ends with it.
 *
 * @param {MachineRun} act @param {Plan} plan @param {Options} options
 */
export async function onMachines(act, plan, options) {
  const machine = await Machine.create();
  const site = await Site.start({ ...plan, processes: 3, bind: SITE });
  try {
    const redis = `redis://${SITE}:${site.redis.port}`;
    await site.add(
      { name: "app-far", address: MACHINE, redis },
      {
        spawn: (program, args, env) => machine.space.spawn(program, args, env),
        // Its parent must see its end, or the namespace cannot be removed.
        signal: (name) => machine.space.signal(name),
      },
    );
    return await act(site, machine, options);
  } finally {
    await site.stop();
    await machine.space.remove();
  }
}
