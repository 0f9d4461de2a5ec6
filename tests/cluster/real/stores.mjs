/**
 * Redis that stands still, or ends and comes back empty.
 *
 * @import { Deployment } from "./deployment.mjs"
 * @import { Run } from "./matrix.mjs"
 */
import { setTimeout as sleep } from "node:timers/promises";

import { until } from "../../support/until.mjs";
import { userNames } from "./deployment.mjs";
import { Problems } from "./figures.mjs";
import { checkAfterwards, counted, populate } from "./losses.mjs";

/** Users that come and go while Redis is away. */
const NEW = 10;
/** Time in which a cloud gives an app up, ms. */
const START_MS = 5000;
/** Time in which Sentinel makes the replica the master, ms. */
const FAILOVER_MS = 20_000;
/** Time without a beat after which a process is dead to others, ms. */
const LEASE_MS = 10_000;
/** Time in which the processes beat again, ms. */
const BEATEN_MS = 4000;

/**
 * Starts some users and stops others while Redis is away.
 *
 * @param {Deployment} deployment @param {readonly string[]} users @param {Problems} problems
 */
async function comeAndGo(deployment, users, problems) {
  const come = userNames(NEW, "new");
  const go = users.slice(0, NEW);
  const start = performance.now();
  await Promise.all(come.map((user) => deployment.request(user)));
  await Promise.all(go.map((user) => deployment.stopUser(user)));
  const areThere = () => come.every((user) => deployment.isAttached(user));
  await until("the new users", areThere, { timeout: 2 * START_MS }).catch(() => {});
  const took = performance.now() - start;
  problems.check(areThere(), "a user that came while Redis was away was not served");
  return { moved: [...come, ...go], took: Math.round(took) };
}

/** Redis stands still for a time. @param {number} ms @returns {Run} */
export const redisFrozen = (ms) =>
  async function redisFrozen(deployment, { users: count, bound }) {
    const users = await populate(deployment, count);
    const problems = new Problems();
    const since = deployment.mark();
    deployment.redis.freeze();
    const { moved, took } = await comeAndGo(deployment, users, problems);
    problems.atMost("served alone after, ms", took, bound(START_MS));
    await sleep(Math.max(since + ms - Date.now(), 0));
    deployment.redis.thaw();
    await sleep(BEATEN_MS);
    await checkAfterwards(deployment, problems, { moved });
    return { figures: { servedAlone: took, ...counted(deployment) }, problems: problems.list };
  };

/**
 * The clock of Redis is set ahead and then back. Nobody is dead by it, and records, whose numbers come from that
 * clock, go on.
 *
 * @param {number} ms @returns {Run}
 */
export const clockSet = (ms) =>
  async function clockSet(deployment, { users: count, bound }) {
    const users = await populate(deployment, count);
    const problems = new Problems();
    const { clock, redis } = deployment;
    const timeOf = async () => Number((await redis.ask("TIME"))[0]) * 1000;
    const moved = [];
    deployment.mark();
    const took = [];
    for (const offset of [ms, -ms]) {
      await clock?.set(offset);
      const ahead = (await timeOf()) - Date.now();
      problems.check(Math.abs(ahead - offset) < 2000, `Redis is ${ahead} ms ahead, ${offset} expected`);
      // Some come, go and come back under the new clock, with records that were written under the other one.
      const start = performance.now();
      const some = users.slice(moved.length, moved.length + NEW);
      await Promise.all(some.map((user) => deployment.stopUser(user)));
      const heard = await Promise.all(some.map((user) => deployment.start(user)));
      took.push(Math.round(performance.now() - start));
      problems.equal("users that were not heard again", heard.filter((isHeard) => !isHeard).length, 0);
      moved.push(...some);
      // A process would be dead to others after its lease.
      await sleep(LEASE_MS + BEATEN_MS);
    }
    problems.atMost("served after, ms", Math.max(...took), bound(START_MS));
    await checkAfterwards(deployment, problems, { moved });
    return { figures: { servedIn: took.join(", "), ...counted(deployment) }, problems: problems.list };
  };

/** Redis is killed, and comes back without data after a time. @param {number} ms @returns {Run} */
export const redisEmptied = (ms) =>
  async function redisEmptied(deployment, { users: count, bound }) {
    const users = await populate(deployment, count);
    const problems = new Problems();
    const since = deployment.mark();
    await deployment.redis.kill();
    const { moved, took } = await comeAndGo(deployment, users, problems);
    problems.atMost("served alone after, ms", took, bound(START_MS));
    await sleep(Math.max(since + ms - Date.now(), 0));
    await deployment.redis.start();
    await sleep(BEATEN_MS);
    await checkAfterwards(deployment, problems, { moved });
    return { figures: { servedAlone: took, ...counted(deployment) }, problems: problems.list };
  };

/** The master is killed, and the replica that follows it does not have the last writes. @type {Run} */
export async function redisFailedOver(deployment, { users: count, bound }) {
  const users = await populate(deployment, count);
  const problems = new Problems();
  const { master, replica } = /** @type {import("../redis-server.mjs").RedisSentinel} */ (
    deployment.sentinel
  );
  const since = deployment.mark();
  // It follows nobody from now on, until Sentinel makes it the master.
  await replica.ask("REPLICAOF", "127.0.0.1", "1");
  const { moved, took } = await comeAndGo(deployment, users, problems);
  problems.atMost("served after, ms", took, bound(START_MS));
  await master.kill();
  // Sentinel closes the connections of a server whose role it changes.
  const roleOf = () => replica.ask("INFO").catch(() => "");
  const isMaster = async () => /role:master/.test(`${await roleOf()}`);
  await until("another master", isMaster, { timeout: FAILOVER_MS });
  const away = Date.now() - since;
  await deployment.readRecordsOf(replica);
  const isKnown = await deployment.ownerOf(moved[0] ?? "");
  problems.equal("owner of a new user at the new master", isKnown, null);
  await sleep(BEATEN_MS);
  await checkAfterwards(deployment, problems, { moved });
  return { figures: { servedIn: took, failover: away, ...counted(deployment) }, problems: problems.list };
}
