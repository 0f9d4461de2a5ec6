/**
 * The cost of many sessions to a real Redis, in its CPU time: that of the work which the processes of a
 * cluster do from one check to the next, with all records there. The figures do not depend on how busy the machine is. Run by
 * itself it prints a table:
 *
 *     node tests/cluster/growth.mjs [PROCESSESxSESSIONS …]
 *
 * @import { ClusterStore } from "../../pkg-template/types/cluster.js"
 * @import { Library } from "../../pkg-template/src/cluster/redis/clients.js"
 *
 * @typedef {{ instance: string, first: number, count: number }} Simulated process, and its sessions
 */
import { availableParallelism } from "node:os";
import { pathToFileURL } from "node:url";

import { createClient } from "redis-6";

import { COMPLETE, checkInterval } from "../../pkg-template/src/cluster/checks.js";
import { libraryOf } from "../../pkg-template/src/cluster/redis/clients.js";
import { RedisStore } from "../../pkg-template/src/cluster/redis/store.js";
import { rendezvous } from "../../pkg-template/src/cluster/rendezvous.js";
import { RedisServer } from "./redis-server.mjs";

/** Interval between beats, s. */
const BEAT = 2;
/** Sessions that one process takes over in a second. */
const TAKEN = 100;
const BATCH = 500;
const DAY = 86_400_000;
/** Calls that wait for an answer, and connections. */
const AT_ONCE = 4;
/** Sessions that are taken over to measure the cost of one. */
const SAMPLE = 1000;
const PACKAGE = "org.example.growth";
const START = Date.now() * 1000;
/** Patience for a machine that is busy with something else. */
const LIMITS = { command: 60_000, picture: 60_000, silence: 60_000, interval: 1000, pending: 10_000 };

/** Measures one size. @param {number} processes @param {number} sessions of each process */
export async function measure(processes, sessions) {
  const server = await RedisServer.start();
  const warn = (/** @type {string} */ text) => console.warn(text);
  const library = counting(libraryOf(createClient({ url: server.url })));
  const stores = Array.from(
    { length: AT_ONCE },
    () => new RedisStore(library, `tpa:${PACKAGE}`, { warn }, LIMITS),
  );
  try {
    const all = Array.from({ length: processes }, (_, i) => ({
      instance: `pod-${i}.6f1c2a90-3b7d`,
      first: i * sessions,
      count: sessions,
    }));
    const empty = await info(server);
    await each(all, stores, beat);
    const filled = await cost(server, () => each(checksOf(all), stores, (check, store) => check(store)));
    const { memory } = await info(server);
    const steady = await cycle(server, all, stores);
    const lost = await takeOver(server, all, stores);
    const total = processes * sessions;
    return {
      processes,
      sessions: total,
      bytes: (memory - empty.memory) / total,
      memory,
      filled,
      ...steady,
      lost,
    };
  } finally {
    await Promise.all(stores.map((store) => store.close()));
    await server.stop();
  }
}

/**
 * Calls a function with each of some values, a few at a time.
 *
 * @template T
 * @param {Iterable<T>} values
 * @param {ClusterStore[]} stores
 * @param {(value: T, store: ClusterStore) => Promise<void>} call
 */
async function each(values, stores, call) {
  const waiting = values[Symbol.iterator]();
  const one = async (/** @type {ClusterStore} */ store) => {
    for (let next = waiting.next(); next.done !== true; next = waiting.next()) await call(next.value, store);
  };
  await Promise.all(stores.map(one));
}

/** @param {number} i */
const idOf = (i) => `user${i}@example.org-${PACKAGE}`;

/** @param {number} i */
const fieldsOf = (i) => ({
  ...{ userId: `user${i}@example.org`, url: "wss://cloud.example.org/tpa-ws" },
  ...{ crashes: 0, crashedAt: 0, startedAt: START / 1000 },
});

/** A beat with its message to itself. @param {Simulated} process @param {ClusterStore} store */
async function beat({ instance, count }, store) {
  const state = { v: 1, n: 1_000_000, up: START / 1000, load: count, leaving: false };
  await store.beat(instance, JSON.stringify(state));
  await store.publish(instance, "");
}

/** Calls that check all sessions once. @param {Simulated[]} all @param {boolean} [quick] */
function* checksOf(all, quick = true) {
  for (const { instance, first, count } of all) {
    for (let at = 0; at < count; at += BATCH) {
      yield async (/** @type {ClusterStore} */ store) => {
        const batch = Array.from({ length: Math.min(BATCH, count - at) }, (_, i) => {
          const n = first + at + i;
          return { sessionId: idOf(n), number: START + n, fields: fieldsOf(n) };
        });
        const differences = await store.check(instance, batch, DAY, { quick });
        if (differences.length > 0) throw new Error(`${differences.length} sessions differ`);
      };
    }
  }
}

/** What all processes do from one check to the next; the result is for one second. @param {RedisServer} server @param {Simulated[]} all @param {ClusterStore[]} stores */
async function cycle(server, all, stores) {
  const beats = await cost(server, () => each(all, stores, beat));
  const checksOnce = (/** @type {boolean} */ quick) =>
    cost(server, () => each(checksOf(all, quick), stores, (check, store) => check(store)));
  const [quick, complete] = [await checksOnce(true), await checksOnce(false)];
  const interval = checkInterval(all.reduce((sum, { count }) => sum + count, 0)) / 1000;
  const rate = (/** @type {"cpu" | "commands" | "sent" | "received"} */ name) =>
    beats[name] / BEAT + ((COMPLETE - 1) * quick[name] + complete[name]) / COMPLETE / interval;
  return {
    cpu: rate("cpu"),
    cpuOfBeats: beats.cpu / BEAT,
    /** While all sessions are checked completely. */
    cpuAtMost: beats.cpu / BEAT + complete.cpu / interval,
    commands: rate("commands"),
    sent: rate("sent"),
    received: rate("received"),
  };
}

/**
 * The take-over of the sessions of a tenth of the processes by the others, each of which takes a hundred a
 * second. The cost of one list and of one session is measured.
 *
 * @param {RedisServer} server @param {Simulated[]} all @param {ClusterStore[]} stores
 */
async function takeOver(server, all, stores) {
  const dead = all.slice(0, Math.max(Math.floor(all.length / 10), 1));
  const living = all.slice(dead.length);
  const [first] = dead;
  const [store] = stores;
  if (first === undefined || store === undefined || living.length === 0) return undefined;
  const names = living.map(({ instance }) => instance);
  /** @type {string[]} */
  let ids = [];
  const list = await cost(server, async () => void (ids = await store.owned(first.instance)));
  const since = process.cpuUsage();
  const shares = new Map(names.map((name) => [name, 0]));
  for (const id of ids) {
    const name = rendezvous(id, names);
    shares.set(name, (shares.get(name) ?? 0) + 1);
  }
  const hashing = process.cpuUsage(since).user / 1e6;
  const sample = ids.slice(0, SAMPLE);
  let taken = 0;
  const takes = await cost(server, () =>
    each(sample, stores, async (id, store) => {
      if (await take(store, id, first.instance, rendezvous(id, names))) taken += 1;
    }),
  );
  const sessions = dead.length * first.count;
  const largest = (Math.max(...shares.values()) * dead.length) / TAKEN;
  return {
    sessions,
    taken: taken / sample.length,
    /** Time from the first to the last take-over, s. */
    seconds: largest,
    cpuOfTakes: (takes.cpu / sample.length) * sessions,
    cpuOfLists: list.cpu * dead.length * living.length,
    bytesOfLists: list.sent * dead.length * living.length,
    /** CPU time of each survivor for the choice of its share, s. */
    hashing: hashing * dead.length,
  };
}

/** @param {ClusterStore} store @param {string} sessionId @param {string} from @param {string} to */
async function take(store, sessionId, from, to) {
  const record = await store.read(sessionId);
  if (record?.owner !== from) return false;
  const { owner, number, ...fields } = record;
  const expected = { owner, number };
  const { done } = await store.put({ sessionId, expected, owner: to, number: 0, fields, ttl: DAY });
  await store.publish(from, JSON.stringify({ v: 1, kind: "lost", sid: sessionId, f: number, to }));
  return done;
}

let sent = 0;

/** Counts the commands of the stores, which the server does not tell from those of scripts. @param {Library} library @returns {Library} */
function counting(library) {
  /** @template {any[]} A @template T @param {(...given: A) => T} send @returns {(...given: A) => T} */
  const count =
    (send) =>
    (...given) => {
      sent += 1;
      return send(...given);
    };
  return {
    ...library,
    duplicate(onError) {
      const line = library.duplicate(onError);
      const { evaluate, fields, publish } = line;
      return { ...line, evaluate: count(evaluate), fields: count(fields), publish: count(publish) };
    },
  };
}

/** What the server spends on some work. @param {RedisServer} server @param {() => Promise<void>} work */
async function cost(server, work) {
  const before = await info(server);
  await work();
  const after = await info(server);
  const spent = (/** @type {keyof typeof before} */ name) => after[name] - before[name];
  return { cpu: spent("cpu"), commands: spent("commands"), sent: spent("sent"), received: spent("received") };
}

/** Counters of the server: CPU time in s, and bytes. @param {RedisServer} server */
async function info(server) {
  const text = `${await server.ask("INFO", "everything")}`;
  const read = (/** @type {string} */ name) => Number(new RegExp(`^${name}:([\\d.]+)`, "m").exec(text)?.[1]);
  return {
    cpu: read("used_cpu_user") + read("used_cpu_sys"),
    memory: read("used_memory"),
    commands: sent,
    sent: read("total_net_output_bytes"),
    received: read("total_net_input_bytes"),
  };
}

const percent = (/** @type {number} */ part) => `${(part * 100).toFixed(1)} %`;
const mega = (/** @type {number} */ bytes) => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;

/** Row of the table in docs/production.md. @param {Awaited<ReturnType<typeof measure>>} figures */
export function row({ processes, sessions, commands, cpu, memory, sent, received, filled, lost }) {
  const cells = [
    `${processes}`,
    sessions.toLocaleString("en"),
    commands.toFixed(0),
    percent(cpu),
    mega(memory),
    `${mega(received)}, ${mega(sent)}`,
    `${filled.cpu.toFixed(1)} s`,
    lost === undefined ? "" : `${lost.seconds.toFixed(1)} s`,
    lost === undefined ? "" : `${lost.cpuOfTakes.toFixed(1)} s`,
    lost === undefined ? "" : `${lost.cpuOfLists.toFixed(1)} s, ${mega(lost.bytesOfLists)}`,
    lost === undefined ? "" : `${lost.hashing.toFixed(2)} s`,
  ];
  return `| ${cells.join(" | ")} |`;
}

if (pathToFileURL(process.argv[1] ?? "").href === import.meta.url) {
  const sizes = process.argv.slice(2);
  console.log(`${availableParallelism()} cores`);
  for (const size of sizes.length === 0 ? ["4x2500", "20x5000", "100x10000", "300x1000"] : sizes) {
    const [processes = 0, sessions = 0] = size.split("x").map(Number);
    const figures = await measure(processes, sessions);
    console.log(row(figures));
    console.log(JSON.stringify(figures));
  }
}
