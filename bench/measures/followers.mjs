/** All clients at once, each in a process or page of its own, and what happens to them. */
import { setTimeout as sleep } from "node:timers/promises";

import { FLOOR } from "../clients/index.mjs";
import { moduleOf, open } from "../node/child.mjs";
import { start } from "../server.mjs";

/** How long it is waited for a client to be connected, ms. */
const PATIENCE = 20_000;

/**
 * @typedef {object} Follower
 * @property {import("../clients/index.mjs").Client} client
 * @property {{ what: string, at: number }[]} events
 * @property {string} [fault] why its process is no more
 */

/**
 * What happened at a client from `since` on.
 *
 * @param {Follower["events"]} events
 */
export const after = (events, since, kind) => events.filter(({ what, at }) => what === kind && at >= since);

/** The time from `since` to what came first of a kind, ms. */
export function first(events, since, kind) {
  const event = after(events, since, kind)[0];
  return event && event.at - since;
}

/** Clients in processes of their own, with a server of their own. */
export async function followInNode(clients) {
  const server = await start();
  const followers = clients.map((client) => {
    const { lines, ended, kill } = open("follow.mjs", [moduleOf(client), server.socket]);
    const follower = { client, events: [], kill };
    lines.on("line", (line) => follower.events.push(JSON.parse(line)));
    // Each is ended from here, unless it ends itself.
    ended.catch(({ message }) => (follower.fault = message));
    return follower;
  });
  const all = {
    server,
    followers,
    look: () => {},
    async end() {
      for (const { kill } of followers) kill();
      await server.down();
    },
  };
  await connected(all);
  return all;
}

/** Clients in pages of their own, with a server of their own. */
export async function followInPages(clients, { scripts, browser }) {
  const server = await start(scripts);
  const followers = await Promise.all(
    clients.map(async (client) => ({ client, events: [], opened: await browser.open(client, server) })),
  );
  for (const { opened } of followers) {
    await opened.page.evaluate((url) => window.bench.follow(url), server.socket);
  }
  const all = {
    server,
    followers,
    async look() {
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

async function connected({ followers, look }) {
  const isConnected = ({ events }) => events.some(({ what }) => what === "connected");
  await waitFor(followers, look, isConnected);
  const missing = followers.find((follower) => !isConnected(follower));
  if (missing) throw new Error(`${missing.client.name} does not connect: ${missing.fault}`);
}

/** Waits, but not for ever, until all are connected again that come back at all. */
export const allBack = ({ followers, look }, since) =>
  waitFor(
    followers,
    look,
    ({ client, events, fault }) =>
      client.name === FLOOR || fault !== undefined || after(events, since, "connected").length > 0,
  );

async function waitFor(followers, look, ready) {
  const end = Date.now() + PATIENCE;
  for (;;) {
    await look();
    if (followers.every(ready) || Date.now() > end) return;
    await sleep(20);
  }
}
