/**
 * Stores on Redis for the tests of their faults.
 *
 * @import { ClusterStore } from "../../pkg-template/types/cluster.js"
 */
import { libraryOf } from "../../pkg-template/src/cluster/redis/clients.js";
import { RedisStore } from "../../pkg-template/src/cluster/redis/store.js";
import { until } from "../support/until.mjs";

export const INSTANCE = "app.1";
const FIELDS = { userId: "ada", url: "", crashes: 0, crashedAt: 0, startedAt: 0 };
/** Short times, so that a connection is replaced within the patience of a test. */
export const LIMITS = { command: 1000, picture: 1000, silence: 2000, interval: 50, pending: 50 };

/** Long times, for tests of anything else on a busy machine. */
export const PATIENT = { command: 20_000, picture: 20_000, silence: 60_000, interval: 1000, pending: 10_000 };

/**
 * A store that collects its warnings, until the end of the test.
 *
 * @param {import("node:test").TestContext} t
 * @param {any} client
 */
export function open(t, client, limits = LIMITS) {
  /** @type {string[]} */
  const warnings = [];
  const opening = { warn: (/** @type {string} */ text) => warnings.push(text) };
  const store = new RedisStore(libraryOf(client), "tpa:faults", opening, limits);
  // Also where the test fails, as a connection would keep the process alive.
  t.after(() => store.close());
  return { store, warnings };
}

/** @param {ClusterStore} store @param {string} sessionId */
export const claim = (store, sessionId) =>
  store.put({
    sessionId,
    expected: { owner: "", number: 0 },
    owner: INSTANCE,
    number: 0,
    fields: FIELDS,
    ttl: 60_000,
  });

/** Resolves when commands are answered. @param {ClusterStore} store */
export const works = (store) => until("an answer", () => store.beat(INSTANCE, "x").catch(() => undefined));

/** Resolves when messages arrive. @param {ClusterStore} store @param {string[]} received */
export async function hears(store, received) {
  received.length = 0;
  await until("a message", async () => {
    await store.beat(INSTANCE, "x").catch(() => {});
    await store.publish(INSTANCE, "hello").catch(() => {});
    return received.length > 0;
  });
}
