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
