/**
 * Processes that end, stand still or are replaced, with the users that they had.
 *
 * @import { Run } from "./matrix.mjs"
 * @import { Deployment } from "./deployment.mjs"
 */
import { setTimeout as sleep } from "node:timers/promises";

import { userNames } from "./deployment.mjs";
import { Problems, spread } from "./figures.mjs";

/** Time in which the cloud and the cluster bring users back, ms. */
const BACK_MS = 40_000;
/** Age of sessions at a fault, ms: the subscriptions and the first cards are behind them. */
const AGE_MS = 1500;

/** Starts users and lets them be for a moment. @param {Deployment} deployment @param {number} count */
export async function populate(deployment, count) {
  const users = userNames(count);
  await deployment.startUsers(users);
  await sleep(AGE_MS);
  return users;
}

/** Times from a fault until users were heard through another process, ms. @param {Deployment} deployment @param {readonly string[]} users */
export function backAfter({ witness }, users) {
  return users.map((user) => (witness.users.get(user)?.awayAt ?? Infinity) - witness.markedAt);
}

/**
 * What holds after every fault: nobody is given up, cards of old sockets are not shown, others stay where they
 * are, and in the end each user has one owner.
 *
 * @param {Deployment} deployment
 * @param {Problems} problems
 * @param {{ moved: readonly string[], mayBeGivenUp?: number }} expected
 */
export async function checkAfterwards(deployment, problems, { moved, mayBeGivenUp = 0 }) {
  const differences = await deployment.settled();
  problems.equal("differences at the end", differences.length, 0);
  for (const text of differences.slice(0, 3)) problems.list.push(text);
  const { witness } = deployment;
  problems.atMost("apps given up", witness.givenUp.length, mayBeGivenUp);
  if (witness.givenUp.length > mayBeGivenUp) {
    for (const { user, reason } of witness.givenUp.slice(0, 3)) problems.list.push(`${user}: ${reason}`);
  }
  problems.equal("connections at once", witness.counts.overlaps, 0);
  problems.equal("connections after a stop", witness.counts.afterStop, 0);
  problems.equal("cards of old connections", witness.counts.lateCards, 0);
  problems.check(witness.failure === undefined, `${witness.failure}`);
  const others = [...deployment.wanted].filter((user) => !moved.includes(user));
  const disturbed = others.filter((user) => Number(witness.users.get(user)?.hosts.length) > 0);
  problems.equal("users of other processes that were connected again", disturbed.length, 0);
}

/** Counts of the witness that a row of results has. @param {Deployment} deployment */
export function counted({ witness }) {
  const { starts, superseded, deafened, lateFrames, lateCards, refused } = witness.counts;
  const counts = { starts, superseded, deafened, lateFrames, lateCards, refused };
  Object.assign(counts, { givenUp: witness.givenUp.length });
  return Object.fromEntries(Object.entries(counts).filter(([, value]) => value > 0));
}

/** One process is killed. @param {{ isReplaced?: boolean }} [how] another one of the same name starts at once @returns {Run} */
export const killed = ({ isReplaced = false } = {}) =>
  async function killed(deployment, { users: count, bound }) {
    await populate(deployment, count);
    const [victim] = deployment.processes;
    const users = deployment.usersOf(victim);
    deployment.mark();
    await victim.kill();
    const problems = new Problems();
    if (isReplaced) {
      await deployment.add({ name: victim.name });
      // Otherwise the case is that of a process without a successor.
      const isEarly = backAfter(deployment, users).includes(Infinity);
      problems.check(isEarly, "all users were back before the successor was ready");
    }
    await deployment.haveMoved(users, BACK_MS);
    const back = spread(backAfter(deployment, users));
    problems.atMost("back after, ms", back.max, bound(6500));
    await checkAfterwards(deployment, problems, { moved: users });
    return { figures: { back, ...counted(deployment) }, problems: problems.list };
  };

/** One process stands still for a time, and goes on. @param {number} ms @returns {Run} */
export const frozen = (ms) =>
  async function frozen(deployment, { users: count, bound, lease }) {
    await populate(deployment, count);
    const [victim] = deployment.processes;
    const users = deployment.usersOf(victim);
    const since = deployment.mark();
    victim.freeze();
    const isTaken = ms > lease + 4000;
    if (isTaken) await deployment.haveMoved(users, ms);
    await sleep(Math.max(since + ms - Date.now(), 0));
    victim.thaw();
    const back = spread(backAfter(deployment, users));
    const problems = new Problems();
    if (isTaken) problems.atMost("back after, ms", back.max, bound(lease + 4000));
    // The cloud may have asked a process that stood still, before the balancer knew of it.
    const passed = await deployment.balancer.passed();
    const asked = passed.filter(({ to, at }) => to === victim.name && at >= since);
    await checkAfterwards(deployment, problems, { moved: users, mayBeGivenUp: asked.length });
    if (!isTaken) {
      const moved = users.filter((user) => deployment.witness.users.get(user)?.awayAt !== Infinity);
      problems.equal("users that were taken over", moved.length, 0);
    }
    return { figures: { ...(isTaken && { back }), ...counted(deployment) }, problems: problems.list };
  };

/** The app blocks the event loop of one process. @param {number} ms @returns {Run} */
export const blocked = (ms) =>
  async function blocked(deployment, { users: count }) {
    await populate(deployment, count);
    const [victim] = deployment.processes;
    deployment.mark();
    await victim.ask("block", { ms });
    const problems = new Problems();
    await checkAfterwards(deployment, problems, { moved: [] });
    return { figures: counted(deployment), problems: problems.list };
  };
