/**
 * Requests that reach another process than the one with the session.
 *
 * @import { AppProcess } from "./app-process.mjs"
 * @import { Deployment } from "./deployment.mjs"
 * @import { Run } from "./matrix.mjs"
 */
import { setTimeout as sleep } from "node:timers/promises";

import { APP, userNames } from "./deployment.mjs";
import { Problems, median, percentile, spread } from "./figures.mjs";
import { checkAfterwards, counted, populate } from "./losses.mjs";
import { LATE_MS } from "./policies.mjs";

/** Age from which a connected session is dialled anew for a request, ms. */
const OLD_MS = 5000;
/** Longest time between a stop and the start after it, ms. */
const GAP_MS = 50;

/** @param {string} user @param {Deployment} deployment */
const sessionRequest = (user, { cloud }) => ({
  type: "session_request",
  sessionId: `${user}-${APP}`,
  userId: user,
  timestamp: new Date().toISOString(),
  mentraOSWebsocketUrl: `${cloud.url.replace("http", "ws")}/app-ws`,
});

/** @param {() => Promise<{ status: number }>} act */
async function timed(act) {
  const start = performance.now();
  const { status } = await act();
  if (status !== 200) throw new Error(`response status ${status}`);
  return performance.now() - start;
}

/**
 * Times of one kind of request at the right process and at another one, taken in turn.
 *
 * @param {Deployment} deployment
 * @param {(process: AppProcess, user: string) => Promise<{ status: number }>} request
 */
async function compare(deployment, request) {
  const times = { right: /** @type {number[]} */ ([]), wrong: /** @type {number[]} */ ([]) };
  const { processes } = deployment;
  for (const [i, user] of [...deployment.wanted].entries()) {
    const owner = processes.findIndex(
      (process) => process.address === deployment.witness.users.get(user)?.host,
    );
    // Each user is asked for once: a second request would find a young connection.
    const isRight = i % 2 === 0;
    const asked = isRight ? owner : (owner + 1 + (i % (processes.length - 1))) % processes.length;
    const process = processes[asked];
    if (process === undefined) throw new Error(`no process has ${user}`);
    times[isRight ? "right" : "wrong"].push(await timed(() => request(process, user)));
  }
  return times;
}

/** @param {{ right: number[], wrong: number[] }} times */
const summary = ({ right, wrong }) => ({
  right: Number(median(right).toFixed(2)),
  wrong: Number(median(wrong).toFixed(2)),
  wrongP99: Number(percentile(wrong, 0.99).toFixed(2)),
});

/** Standard error of a median, from the middle half of the values. @param {number[]} values */
const errorOf = (values) =>
  (0.93 * (percentile(values, 0.75) - percentile(values, 0.25))) / Math.sqrt(values.length);

/** Tools and session requests at the right and at the wrong process. @type {Run} */
export async function misrouted(deployment, { users: count, bound }) {
  await populate(deployment, count);
  deployment.mark();
  const problems = new Problems();
  const call = (/** @type {string} */ user) => ({ toolId: "echo", toolParameters: {}, userId: user });
  const tools = await compare(deployment, (process, user) => process.post("/tool", call(user)));
  await sleep(OLD_MS);
  const starts = await compare(deployment, (process, user) =>
    process.post("/webhook", sessionRequest(user, deployment)),
  );
  for (const [name, { right, wrong }] of Object.entries({ tools, starts })) {
    // A start takes a handshake with the cloud, whose times differ by more than the two kinds of request do.
    const error = 3 * Math.hypot(errorOf(right), errorOf(wrong));
    const later = median(wrong) - median(right);
    problems.atMost(`${name}: ms later at the wrong process`, later, bound(10) + error);
  }
  await checkAfterwards(deployment, problems, { moved: [...deployment.wanted] });
  return { figures: { tools: summary(tools), starts: summary(starts) }, problems: problems.list };
}

/** A tool that takes long, called at the wrong process. @param {number} ms @returns {Run} */
export const longTool = (ms) =>
  async function longTool(deployment, { users: count }) {
    const [user = ""] = await populate(deployment, count);
    const owner = deployment.processes.find(
      ({ address }) => address === deployment.witness.users.get(user)?.host,
    );
    const other = deployment.processes.find((process) => process !== owner);
    const problems = new Problems();
    const start = performance.now();
    const answer = await other?.post("/tool", { toolId: "wait", toolParameters: { ms }, userId: user });
    const took = performance.now() - start;
    problems.equal("status", answer?.status, 200);
    problems.equal("reply", answer?.body.reply, `${owner?.name} ${user} present`);
    problems.check(took >= ms, `the answer came after ${took} ms`);
    return { figures: { took: Math.round(took) }, problems: problems.list };
  };

/**
 * Stops and starts users again and again; the stop and the start reach different processes.
 *
 * @param {{ suite: number, full: number }} times in total
 * @returns {Run}
 */
export const restarted = (times) =>
  async function restarted(deployment, { users: count, full }) {
    const users = await populate(deployment, count);
    const { balancer } = deployment;
    deployment.mark();
    await balancer.use("scattered");
    const rounds = Math.ceil((full ? times.full : times.suite) / users.length);
    /** @type {number[]} */
    const took = [];
    const one = async (/** @type {string} */ user) => {
      for (let round = 0; round < rounds; round += 1) {
        await deployment.stopUser(user);
        await sleep(Math.random() * GAP_MS);
        const start = performance.now();
        await deployment.start(user);
        took.push(performance.now() - start);
      }
    };
    await Promise.all(users.map(one));
    const problems = new Problems();
    await checkAfterwards(deployment, problems, { moved: users });
    // Each stop is heard, wherever it arrives.
    const stopped = users.slice(0, Math.ceil(users.length / 2));
    await Promise.all(stopped.map((user) => deployment.stopUser(user)));
    await balancer.use();
    await checkAfterwards(deployment, problems, { moved: users });
    const figures = { times: took.length, connected: spread(took), ...counted(deployment) };
    return { figures, problems: problems.list };
  };

/** Users come one after the other, in a time that is short for so many. @param {number} ms @returns {Run} */
export const surged = (ms) =>
  async function surged(deployment, { users: count }) {
    const users = userNames(count);
    deployment.mark();
    const start = performance.now();
    /** @type {number[]} */
    const took = [];
    const one = async (/** @type {string} */ user, /** @type {number} */ i) => {
      await sleep((i * ms) / count);
      const since = performance.now();
      await deployment.start(user);
      took.push(performance.now() - since);
    };
    await Promise.all(users.map(one));
    const all = Math.round(performance.now() - start);
    const problems = new Problems();
    await checkAfterwards(deployment, problems, { moved: users });
    return { figures: { heard: spread(took), all, ...counted(deployment) }, problems: problems.list };
  };

/** Each stop reaches another process once more, a second late: after the start that followed it. @type {Run} */
export async function stoppedTwice(deployment, { users: count }) {
  const users = await populate(deployment, count);
  deployment.mark();
  await deployment.balancer.use("stopsRepeated");
  await Promise.all(
    users.map(async (user) => {
      await deployment.stopUser(user);
      await sleep(GAP_MS);
      await deployment.start(user);
    }),
  );
  await sleep(LATE_MS);
  const copies = await deployment.balancer.result();
  const problems = new Problems();
  problems.equal("copies", copies, 2 * users.length);
  await checkAfterwards(deployment, problems, { moved: users });
  const lost = users.filter((user) => Number(deployment.witness.users.get(user)?.hosts.length) > 1);
  problems.equal("users that were connected twice", lost.length, 0);
  return { figures: { copies, ...counted(deployment) }, problems: problems.list };
}
