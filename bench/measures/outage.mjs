/**
 * Outages of the server: the time of each client's first connection attempt, the time until it is
 * connected again, and its events when the server stays away. All clients share an outage.
 *
 * @typedef {import("../types.js").Measure} Measure
 * @typedef {import("../types.js").Followers} Followers
 * @typedef {import("../types.js").Figures} Figures
 */
import { setTimeout as sleep } from "node:timers/promises";

import { now } from "../clock.mjs";
import { after, allBack, first, followInNode, followInPages } from "./followers.mjs";

/** Shortest and longest outage, ms. */
const [SHORTEST, LONGEST] = [2500, 3500];
/** Outage in which clients give up, ms. */
const FOR_GOOD = 15_000;
const ROUNDS = 3;
const GROUP = "An outage of three seconds, more or less, on loopback, ms";
const LOST = "A server that stays away for 15 s, Node";

/** Duration of an outage; it varies so that clients with a constant delay have no advantage. */
const outage = (/** @type {number} */ round) => SHORTEST + ((LONGEST - SHORTEST) * (round + 0.37)) / ROUNDS;

/**
 * Runs an outage and returns the outcome for each client.
 *
 * @template T
 * @param {Promise<Followers>} follow
 * @param {(all: Followers) => Promise<T>} outage
 * @param {(follower: import("../types.js").Follower, times: T) => Figures} figuresOf
 */
async function observe(follow, outage, figuresOf) {
  const all = await follow;
  try {
    const times = await outage(all);
    return all.followers.map((follower) => ({
      client: follower.client,
      figures: figuresOf(follower, times),
      failure: follower.failure,
    }));
  } finally {
    await all.end();
  }
}

/** The server goes away and comes back. */
const cutAndBack = (/** @type {number} */ round) => async (/** @type {Followers} */ all) => {
  const cut = now();
  await all.server.down();
  await sleep(outage(round));
  const back = now();
  await all.server.up();
  await allBack(all, back);
  return { cut, back };
};

/** The server goes away while pages are offline. */
const offlineAndBack = (/** @type {number} */ round) => async (/** @type {Followers} */ all) => {
  const setOffline = (/** @type {boolean} */ offline) =>
    Promise.all(all.followers.map(({ opened }) => opened?.setOffline(offline)));
  await setOffline(true);
  await all.server.down();
  await sleep(outage(round));
  const back = now();
  await all.server.up();
  await setOffline(false);
  await allBack(all, back);
  return { back };
};

const gone = async (/** @type {Followers} */ { server }) => {
  const cut = now();
  await server.down();
  await sleep(FOR_GOOD);
  await server.up();
  return { cut };
};

const returned = "from the server's return to connected";

/** @type {Measure} */
const RETURN_NODE = {
  name: "return",
  place: "Node",
  rounds: ROUNDS,
  series: [
    { key: "retry.node", group: GROUP, title: "first dial after the cut, Node", digits: 0 },
    { key: "return.node", group: GROUP, title: `${returned}, Node`, digits: 0 },
  ],
  together: (clients, { round }) =>
    observe(followInNode(clients), cutAndBack(round), ({ events }, { cut, back }) => ({
      "retry.node": first(events, cut, "dial"),
      "return.node": first(events, back, "connected"),
    })),
};

/** @type {Measure} */
const RETURN_PAGE = {
  name: "return",
  place: "Chromium",
  rounds: ROUNDS,
  series: [{ key: "return.page", group: GROUP, title: `${returned}, Chromium`, digits: 0 }],
  together: (clients, context) =>
    observe(followInPages(clients, context), cutAndBack(context.round), ({ events }, { back }) => ({
      "return.page": first(events, back, "connected"),
    })),
};

/** @type {Measure} */
const ONLINE = {
  name: "return",
  place: "Chromium",
  rounds: ROUNDS,
  series: [{ key: "online.page", group: GROUP, title: "from `online` to connected, Chromium", digits: 0 }],
  together: (clients, context) =>
    observe(followInPages(clients, context), offlineAndBack(context.round), ({ events }, { back }) => {
      const online = after(events, back, "online")[0];
      const connected = after(events, back, "connected")[0];
      return { "online.page": online && connected && connected.at - online.at };
    }),
};

/** @type {Measure} */
const GIVE_UP = {
  name: "return",
  place: "Node",
  rounds: 3,
  series: [
    { key: "lost.dials", group: LOST, title: "dials in that time", digits: 0 },
    { key: "lost.permanent", group: LOST, title: "events for a permanent loss", digits: 0 },
    { key: "lost.before", group: LOST, title: "dials before the first of them", digits: 0 },
    { key: "lost.at", group: LOST, title: "the first of them, s", digits: 1 },
  ],
  together: (clients) =>
    observe(followInNode(clients), gone, ({ events, failure }, { cut }) => {
      if (failure) return {};
      const dials = after(events, cut, "dial");
      const over = after(events, cut, "permanent");
      const [end] = over;
      return {
        "lost.dials": dials.length,
        "lost.permanent": over.length,
        "lost.before": end && dials.filter(({ at }) => at < end.at).length,
        "lost.at": end && (end.at - cut) / 1000,
      };
    }),
};

export const OUTAGES = [RETURN_NODE, RETURN_PAGE, ONLINE, GIVE_UP];
