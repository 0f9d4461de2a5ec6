/** The store on Redis when another server becomes the master. */
import { after, before, describe, test } from "node:test";

import { until } from "../support/until.mjs";
import { CLIENTS } from "./clients.mjs";
import { RedisSentinel } from "./redis-server.mjs";
import { INSTANCE, hears, open, works } from "./redis-stores.mjs";

/** Long enough for Sentinel to name the master, on a busy machine. */
const LIMITS = { command: 2000, picture: 2000, silence: 3000, interval: 500, pending: 50 };

describe("failover", () => {
  /** @type {RedisSentinel} */
  let servers;
  before(async () => (servers = await RedisSentinel.start()));
  after(() => servers.stop());

  test("Sentinel chooses another master: commands are answered and messages arrive", async (t) => {
    const all = CLIENTS.map(({ sentinel }) => {
      /** @type {string[]} */
      const received = [];
      return { ...open(t, sentinel(servers.sentinel.port), LIMITS), received };
    });
    await Promise.all(
      all.map(({ store, received }) =>
        store.subscribe(
          INSTANCE,
          (message) => received.push(message),
          () => {},
        ),
      ),
    );
    await servers.master.kill();
    await until("a new master", async () => {
      // Sentinel closes the connections of the clients of a server that becomes the master.
      const facts = await servers.replica.ask("INFO").catch(() => undefined);
      return /role:master/.test(`${facts}`);
    });
    await Promise.all(
      all.map(async ({ store, received }) => {
        await works(store);
        await hears(store, received);
      }),
    );
  });
});
