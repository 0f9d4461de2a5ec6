/**
 * The server goes and comes back: when each client dials first, when it is connected again, and
 * what it says when the server does not come back. All clients live through the same outage.
 */
import { setTimeout as sleep } from "node:timers/promises";

import { now } from "../clock.mjs";
import { after, allBack, first, followInNode, followInPages } from "./followers.mjs";

/** The shortest and the longest time that the server is away, ms. */
const [SHORTEST, LONGEST] = [2500, 3500];
/** How long the server stays away in which clients give up, ms. */
const FOR_GOOD = 15_000;
const ROUNDS = 3;
const GROUP = "An outage of three seconds, more or less, on loopback, ms";
const LOST = "A server that stays away for 15 s, Node";

/** Another time each round: a client whose delay is a round number is not always lucky, or never. */
const outage = (round) => SHORTEST + ((LONGEST - SHORTEST) * (round + 0.37)) / ROUNDS;

/** Lives through something, and says what each client did. */
async function live(follow, through, figuresOf) {
  const all = await follow;
  try {
    const times = await through(all);
    return all.followers.map((follower) => ({
      client: follower.client,
      found: figuresOf(follower, times),
      fault: follower.fault,
    }));
  } finally {
    await all.end();
  }
}

/** The server goes, and comes back. */
const cutAndBack = (round) => async (all) => {
  const cut = now();
  await all.server.down();
  await sleep(outage(round));
  const back = now();
  await all.server.up();
  await allBack(all, back);
  return { cut, back };
};

/** The same in pages that are told that they are offline, and that they are not any more. */
const offlineAndBack = (round) => async (all) => {
  const setOffline = (offline) => Promise.all(all.followers.map(({ opened }) => opened.setOffline(offline)));
  await setOffline(true);
  await all.server.down();
  await sleep(outage(round));
  const back = now();
  await all.server.up();
  await setOffline(false);
  await allBack(all, back);
  return { back };
};

const gone = async ({ server }) => {
  const cut = now();
  await server.down();
  await sleep(FOR_GOOD);
  await server.up();
  return { cut };
};

const returned = "from the server's return to connected";

const RETURN_NODE = {
  name: "return",
  place: "Node",
  rounds: ROUNDS,
  series: [
    { key: "retry.node", group: GROUP, title: "first dial after the cut, Node", digits: 0 },
    { key: "return.node", group: GROUP, title: `${returned}, Node`, digits: 0 },
  ],
  together: (clients, { round }) =>
    live(followInNode(clients), cutAndBack(round), ({ events }, { cut, back }) => ({
      "retry.node": first(events, cut, "dial"),
      "return.node": first(events, back, "connected"),
    })),
};

const RETURN_PAGE = {
  name: "return",
  place: "Chromium",
  rounds: ROUNDS,
  series: [{ key: "return.page", group: GROUP, title: `${returned}, Chromium`, digits: 0 }],
  together: (clients, context) =>
    live(followInPages(clients, context), cutAndBack(context.round), ({ events }, { back }) => ({
      "return.page": first(events, back, "connected"),
    })),
};

const ONLINE = {
  name: "return",
  place: "Chromium",
  rounds: ROUNDS,
  series: [{ key: "online.page", group: GROUP, title: "from `online` to connected, Chromium", digits: 0 }],
  together: (clients, context) =>
    live(followInPages(clients, context), offlineAndBack(context.round), ({ events }, { back }) => {
      const online = after(events, back, "online")[0];
      const connected = after(events, back, "connected")[0];
      return { "online.page": online && connected && connected.at - online.at };
    }),
};

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
  together: (clients) =>
    live(followInNode(clients), gone, ({ events, fault }, { cut }) => {
      if (fault) return {};
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
