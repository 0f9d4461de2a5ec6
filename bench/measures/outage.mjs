/**
 * The server goes and comes back: when each client dials first, when it is connected again, and
 * what it says when the server does not come back. All clients live through the same outage.
 */
import { setTimeout as sleep } from "node:timers/promises";

import { now } from "../clock.mjs";
import { FLOOR } from "../clients/index.mjs";
import { moduleOf, open } from "../node/child.mjs";
import { start } from "../server.mjs";

/** How long the server is away, ms. */
const OUTAGE = 3000;
/** How long it is waited for a client to be back, ms. */
const PATIENCE = 20_000;
/** How long the server stays away in which clients give up, ms. */
const FOR_GOOD = 15_000;
const GROUP = "An outage of three seconds on loopback, ms";

/** @returns what happened at a client from `since` on */
const after = (events, since, kind) =>
  events.filter(({ what, at }) => at >= since && (kind === undefined || what === kind));

async function until(look) {
  const end = Date.now() + PATIENCE;
  while (Date.now() < end && !(await look())) await sleep(20);
}

/** Clients in processes of their own, with a server of their own. */
async function followInNode(clients) {
  const server = await start();
  const followers = clients.map((client) => {
    const { lines, ended, kill } = open("follow.mjs", [moduleOf(client), server.socket]);
    const follower = { client, events: [], kill };
    lines.on("line", (line) => follower.events.push(JSON.parse(line)));
    // Each is ended from here.
    ended.catch(() => {});
    return follower;
  });
  await until(() => followers.every(({ events }) => events.some(({ what }) => what === "connected")));
  return {
    server,
    followers,
    async end() {
      for (const { kill } of followers) kill();
      await server.down();
    },
  };
}

/** Clients in pages of their own, with a server of their own. */
async function followInPages(clients, { scripts, browser }) {
  const server = await start(scripts);
  const followers = await Promise.all(
    clients.map(async (client) => ({ client, events: [], opened: await browser.open(client, server) })),
  );
  const look = async () => {
    for (const follower of followers) {
      follower.events = await follower.opened.page.evaluate(() => window.bench.events);
    }
  };
  for (const { opened } of followers) {
    await opened.page.evaluate((url) => window.bench.follow(url), server.socket);
  }
  await until(async () => {
    await look();
    return followers.every(({ events }) => events.some(({ what }) => what === "connected"));
  });
  return {
    server,
    followers,
    look,
    async end() {
      await Promise.all(followers.map(({ opened }) => opened.close()));
      await server.down();
    },
  };
}

/** Waits for all that come back at all. */
async function allBack(followers, since, look = () => {}) {
  await until(async () => {
    await look();
    return followers.every(
      ({ client, events }) => client.name === FLOOR || after(events, since, "connected").length > 0,
    );
  });
}

/** The time from `since` to what came first of a kind, ms. */
const first = (events, since, kind) => {
  const event = after(events, since, kind)[0];
  return event && event.at - since;
};

const RETURN_NODE = {
  name: "return",
  place: "Node",
  rounds: 5,
  series: [
    { key: "retry.node", group: GROUP, title: "first dial after the cut, Node", digits: 0 },
    { key: "return.node", group: GROUP, title: "from the server's return to connected, Node", digits: 0 },
  ],
  async together(clients) {
    const { server, followers, end } = await followInNode(clients);
    try {
      const cut = now();
      await server.down();
      await sleep(OUTAGE);
      const back = now();
      await server.up();
      await allBack(followers, back);
      return new Map(
        followers.map(({ client, events }) => [
          client,
          { "retry.node": first(events, cut, "dial"), "return.node": first(events, back, "connected") },
        ]),
      );
    } finally {
      await end();
    }
  },
};

const RETURN_PAGE = {
  name: "return",
  place: "Chromium",
  rounds: 5,
  series: [
    { key: "return.page", group: GROUP, title: "from the server's return to connected, Chromium", digits: 0 },
  ],
  async together(clients, context) {
    const { server, followers, look, end } = await followInPages(clients, context);
    try {
      await server.down();
      await sleep(OUTAGE);
      const back = now();
      await server.up();
      await allBack(followers, back, look);
      return new Map(
        followers.map(({ client, events }) => [client, { "return.page": first(events, back, "connected") }]),
      );
    } finally {
      await end();
    }
  },
};

/** The page is told that it is offline, and its socket is cut; then the server, and the news. */
const ONLINE = {
  name: "return",
  place: "Chromium",
  rounds: 5,
  series: [{ key: "online.page", group: GROUP, title: "from `online` to connected, Chromium", digits: 0 }],
  async together(clients, context) {
    const { server, followers, look, end } = await followInPages(clients, context);
    const setOffline = (offline) => Promise.all(followers.map(({ opened }) => opened.setOffline(offline)));
    try {
      await setOffline(true);
      await server.down();
      await sleep(OUTAGE);
      const back = now();
      await server.up();
      await setOffline(false);
      await allBack(followers, back, look);
      return new Map(
        followers.map(({ client, events }) => {
          const told = after(events, back, "online")[0]?.at;
          const value = told === undefined ? undefined : first(events, told, "connected");
          return [client, { "online.page": value }];
        }),
      );
    } finally {
      await end();
    }
  },
};

const LOST = "A server that stays away for 15 s, Node";
const GIVE_UP = {
  name: "return",
  place: "Node",
  rounds: 3,
  series: [
    { key: "lost.dials", group: LOST, title: "dials in that time", digits: 0 },
    { key: "lost.permanent", group: LOST, title: "events that say it is over", digits: 0 },
    { key: "lost.before", group: LOST, title: "dials before the first of them", digits: 0 },
    { key: "lost.at", group: LOST, title: "the first of them, s", digits: 1 },
  ],
  async together(clients) {
    const { server, followers, end } = await followInNode(clients);
    try {
      const cut = now();
      await server.down();
      await sleep(FOR_GOOD);
      await server.up();
      return new Map(
        followers.map(({ client, events }) => {
          const dials = after(events, cut, "dial");
          const over = after(events, cut, "permanent");
          const values = { "lost.dials": dials.length, "lost.permanent": over.length };
          if (over.length > 0) {
            values["lost.before"] = dials.filter(({ at }) => at < over[0].at).length;
            values["lost.at"] = (over[0].at - cut) / 1000;
          }
          return [client, values];
        }),
      );
    } finally {
      await end();
    }
  },
};

export const OUTAGES = [RETURN_NODE, RETURN_PAGE, ONLINE, GIVE_UP];
