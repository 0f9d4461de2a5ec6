/**
 * Clients that run at the same time, each in its own process or page, and their events.
 *
 * @typedef {import("../clients/index.mjs").Client} Client
 * @typedef {import("../types.js").Follower} Follower
 * @typedef {import("../types.js").Followers} Followers
 * @typedef {import("../types.js").FollowedEvent} FollowedEvent
 */
import { setTimeout as sleep } from "node:timers/promises";

import { FLOOR } from "../clients/index.mjs";
import { moduleOf, open } from "../node/child.mjs";
import { start } from "../server.mjs";

/** Longest time for a client to connect, ms. */
const CONNECT_TIMEOUT = 20_000;

/**
 * Events of a kind, from `since` on.
 *
 * @type {(events: FollowedEvent[], since: number, kind: string) => FollowedEvent[]}
 */
export const after = (events, since, kind) =>
  events.filter((event) => event.kind === kind && event.at >= since);

/**
 * Time from `since` to the first event of a kind, ms.
 *
 * @param {FollowedEvent[]} events
 * @param {number} since
 * @param {string} kind
 */
export function first(events, since, kind) {
  const event = after(events, since, kind)[0];
  return event && event.at - since;
}

/**
 * Starts clients in separate processes, with a server for them.
 *
 * @param {Client[]} clients
 * @returns {Promise<Followers>}
 */
export async function followInNode(clients) {
  const server = await start();
  const followers = clients.map((client) => {
    const { lines, ended, kill } = open("follow.mjs", [moduleOf(client), server.socket]);
    /** @type {Follower} */
    const follower = { client, events: [], kill };
    lines.on("line", (line) => follower.events.push(JSON.parse(line)));
    // A process that is killed by `end` rejects too, but then nobody reads the failure.
    ended.catch(({ message }) => (follower.failure = message));
    return follower;
  });
  const all = {
    server,
    followers,
    refresh: () => {},
    async end() {
      for (const { kill } of followers) kill?.();
      await server.down();
    },
  };
  await connected(all);
  return all;
}

/**
 * Starts clients in separate pages, with a server for them.
 *
 * @param {Client[]} clients
 * @param {import("../types.js").Context} context
 * @returns {Promise<Followers>}
 */
export async function followInPages(clients, { files, browser }) {
  const server = await start(files);
  const opened = await Promise.all(clients.map((client) => browser.open(client, server)));
  const followers = clients.map((client, nth) => {
    const page = /** @type {import("../page/browser.mjs").OpenedPage} */ (opened[nth]);
    return { client, opened: page, events: /** @type {FollowedEvent[]} */ ([]) };
  });
  for (const { opened } of followers) {
    await opened.page.evaluate((url) => window.bench.follow(url), server.socket);
  }
  const all = {
    server,
    followers,
    async refresh() {
      for (const follower of followers) {
        follower.events = await follower.opened.page.evaluate(() => window.bench.events);
      }
    },
    async end() {
      await Promise.all(followers.map(({ opened }) => opened.close()));
      await server.down();
    },
  };
  await connected(all);
  return all;
}

/** @param {Followers} all */
async function connected(all) {
  const isConnected = (/** @type {Follower} */ { events }) => events.some(({ kind }) => kind === "connected");
  await waitFor(all, isConnected);
  const missing = all.followers.find((follower) => !isConnected(follower));
  if (missing) throw new Error(`${missing.client.name} does not connect: ${missing.failure}`);
}

/**
 * Waits until all clients that reconnect are connected again, or the timeout has passed.
 *
 * @type {(all: Followers, since: number) => Promise<void>}
 */
export const allBack = (all, since) =>
  waitFor(
    all,
    ({ client, events, failure }) =>
      client.name === FLOOR || failure !== undefined || after(events, since, "connected").length > 0,
  );

/**
 * @param {Followers} all
 * @param {(follower: Follower) => boolean} ready
 */
async function waitFor({ followers, refresh }, ready) {
  const end = Date.now() + CONNECT_TIMEOUT;
  for (;;) {
    await refresh();
    if (followers.every(ready) || Date.now() > end) return;
    await sleep(20);
  }
}
