/**
 * What a cluster costs while nothing happens.
 *
 * @import { Run } from "./matrix.mjs"
 */
import { setTimeout as sleep } from "node:timers/promises";

import { createClient } from "redis-6";

import { COMPLETE, checkInterval } from "../../../pkg-template/src/cluster/checks.js";
import { libraryOf } from "../../../pkg-template/src/cluster/redis/clients.js";
import { RedisStore } from "../../../pkg-template/src/cluster/redis/store.js";
import { Deployment, inParts, userNames } from "./deployment.mjs";
import { Problems } from "./figures.mjs";

/** Processes of the simulation, and records of each. */
const PROCESSES = 100;
const RECORDS = 10_000;
/** Records of one check. */
const BATCH = 500;
const BEAT_MS = 2000;
/** Intervals of one process, and of all that have a million records together, ms. */
const CHECK_MS = checkInterval(0);
const CHECK_ALL_MS = checkInterval(PROCESSES * RECORDS);
/** Checks of each session while usage is measured. */
const TIMES = 2;

/** Share of one core that a process takes while its sessions are idle. @param {Deployment} deployment @param {number} count */
async function idleShare(deployment, count) {
  await deployment.startUsers(userNames(count));
  await sleep(CHECK_MS);
  const [process] = deployment.processes;
  const before = await process?.ask("usage");
  await sleep(TIMES * CHECK_MS);
  const after = await process?.ask("usage");
  return (after.user + after.system - before.user - before.system) / 1000 / (TIMES * CHECK_MS);
}

/** One process with all users, with a cluster and without. @type {Run} */
export async function processCost(deployment, { users: count }) {
  const clustered = await idleShare(deployment, count);
  const plain = await Deployment.start({
    processes: 1,
    app: { isAlone: true, server: { maxUnconnectedSessions: count } },
  });
  let alone;
  try {
    alone = await idleShare(plain, count);
  } finally {
    await plain.stop();
  }
  const problems = new Problems();
  problems.atMost("percent of a core for the cluster", (clustered - alone) * 100, 2);
  const percent = (/** @type {number} */ share) => `${(share * 100).toFixed(2)} %`;
  return { figures: { withCluster: percent(clustered), without: percent(alone) }, problems: problems.list };
}

/** CPU time of Redis so far, s. @param {Deployment} deployment */
async function redisTime({ redis }) {
  const info = String(await redis.ask("INFO", "CPU"));
  const read = (/** @type {string} */ name) => Number(new RegExp(`^${name}:([\\d.]+)`, "m").exec(info)?.[1]);
  return read("used_cpu_user") + read("used_cpu_sys");
}

/** Many processes with many records, of which only the commands are real. @type {Run} */
export async function storeCost(deployment) {
  const now = Date.now();
  const client = createClient({ url: deployment.redis.url });
  // Each of the stores watches it.
  client.setMaxListeners(PROCESSES + 1);
  const library = libraryOf(client);
  const members = Array.from({ length: PROCESSES }, (_, i) => {
    const instance = `app-${i}.${i}`;
    const store = new RedisStore(library, "tpa:org.example.cost", {
      packageName: "cost",
      instance,
      warn: () => {},
    });
    const batches = Array.from({ length: RECORDS / BATCH }, (_, batch) =>
      Array.from({ length: BATCH }, (_, record) => {
        const userId = `user-${i}-${batch}-${record}@example.com`;
        const fields = {
          userId,
          url: "wss://cloud.example.org/app-ws",
          crashes: 0,
          crashedAt: 0,
          startedAt: now,
        };
        return { sessionId: `${userId}-org.example.cost`, number: now * 1000, fields };
      }),
    );
    return { instance, store, batches };
  });
  const checks = members.flatMap(({ instance, store, batches }) =>
    batches.map(
      (batch) => (/** @type {boolean} */ quick) => store.check(instance, batch, 24 * 3600e3, { quick }),
    ),
  );
  const beat = (/** @type {(typeof members)[number]} */ { instance, store }) =>
    store.beat(instance, JSON.stringify({ v: 1, n: Date.now(), up: now, load: RECORDS, leaving: false }));
  try {
    await inParts(members, ({ instance, store }) =>
      store.subscribe(
        instance,
        () => {},
        () => {},
      ),
    );
    for (const check of checks) await check(false);
    const before = await redisTime(deployment);
    const start = performance.now();
    const done = await steady(
      members.map((member) => () => beat(member)),
      checks,
    );
    const seconds = (performance.now() - start) / 1000;
    const share = ((await redisTime(deployment)) - before) / seconds;
    const memory = /used_memory:(\d+)/.exec(String(await deployment.redis.ask("INFO", "MEMORY")))?.[1];
    const problems = new Problems();
    problems.atMost("percent of a core of Redis", share * 100, 15);
    const wanted = checks.length * TIMES;
    problems.check(done >= wanted * 0.95, `only ${done} of ${wanted} checks were done in time`);
    const figures = {
      records: PROCESSES * RECORDS,
      redis: `${(share * 100).toFixed(1)} %`,
      memory: `${(Number(memory) / 2 ** 20).toFixed(0)} MiB`,
      checks: done,
    };
    return { figures, problems: problems.list };
  } finally {
    await Promise.all(members.map(({ store }) => store.close()));
  }
}

/**
 * Beats and checks at their intervals, evenly spread, as the processes do it. Resolves to the number of checks that
 * were answered.
 *
 * @param {(() => Promise<unknown>)[]} beats @param {((quick: boolean) => Promise<unknown>)[]} checks
 */
async function steady(beats, checks) {
  const start = performance.now();
  let done = 0;
  /** @type {Promise<unknown>[]} */
  const pending = [];
  const due = (/** @type {number} */ interval, /** @type {number} */ count) =>
    Math.floor(((performance.now() - start) / interval) * count);
  let [beaten, checked] = [0, 0];
  while (performance.now() - start < TIMES * CHECK_ALL_MS) {
    for (; beaten < due(BEAT_MS, beats.length); beaten += 1) {
      pending.push(Promise.resolve(beats[beaten % beats.length]?.()).catch(() => {}));
    }
    for (; checked < due(CHECK_ALL_MS, checks.length); checked += 1) {
      const check = checks[checked % checks.length];
      pending.push(
        Promise.resolve(check?.(checked % COMPLETE !== 0)).then(
          () => (done += 1),
          () => {},
        ),
      );
    }
    await sleep(5);
  }
  await Promise.all(pending);
  return done;
}
