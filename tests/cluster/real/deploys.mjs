/**
 * Deployments of a new version.
 *
 * @import { Run } from "./matrix.mjs"
 * @import { Deployment } from "./deployment.mjs"
 */
import { Problems, spread } from "./figures.mjs";
import { backAfter, checkAfterwards, counted, populate } from "./losses.mjs";

/** Time in which the cloud starts again what was not handed over, ms. */
const BACK_MS = 20_000;

/** Pauses of the streams of users since the mark, ms. @param {Deployment} deployment @param {readonly string[]} users */
function pausesOf({ witness }, users) {
  return users.flatMap((user) => witness.users.get(user)?.pauses ?? []);
}

/** One process hands its sessions over at SIGTERM. @type {Run} */
export async function handedOver(deployment, { users: count, bound }) {
  await populate(deployment, count);
  const [leaving] = deployment.processes;
  const users = deployment.usersOf(leaving);
  deployment.mark();
  await leaving.leave();
  await deployment.haveMoved(users, BACK_MS);
  const problems = new Problems();
  const back = spread(backAfter(deployment, users));
  problems.atMost("handed over after, ms", back.max, bound(5000));
  await checkAfterwards(deployment, problems, { moved: users });
  const pause = spread(pausesOf(deployment, users));
  problems.atMost("pause of a stream, ms", pause.max, bound(300));
  problems.equal("starts by the cloud", deployment.witness.counts.starts, 0);
  const previous = deployment.processes.flatMap(({ events }) => events).filter(({ previous }) => previous);
  problems.equal("sessions with what onStop returned", previous.length, users.length);
  return { figures: { back, pause, ...counted(deployment) }, problems: problems.list };
}

/** Every process is replaced, one after the other. @param {boolean} isSurging the new one starts first @returns {Run} */
export const rolling = (isSurging) =>
  async function rolling(deployment, { users: count, bound }) {
    const users = await populate(deployment, count);
    const old = [...deployment.processes];
    deployment.mark();
    for (const process of old) {
      if (isSurging) await deployment.add({});
      await process.leave();
      if (!isSurging) await deployment.add({});
    }
    const problems = new Problems();
    await checkAfterwards(deployment, problems, { moved: users });
    const moves = spread(users.map((user) => Number(deployment.witness.users.get(user)?.hosts.length)));
    if (isSurging) problems.atMost("moves of a user", moves.max, 1);
    const pause = spread(pausesOf(deployment, users));
    problems.atMost("pause of a stream, ms", pause.max, bound(300));
    problems.equal("starts by the cloud", deployment.witness.counts.starts, 0);
    return { figures: { moves, pause, ...counted(deployment) }, problems: problems.list };
  };

/** All processes go away at once, and others start then. @type {Run} */
export async function recreated(deployment, { users: count }) {
  const users = await populate(deployment, count);
  const old = [...deployment.processes];
  deployment.mark();
  await Promise.all(old.map((process) => process.leave()));
  await Promise.all(old.map(() => deployment.add({})));
  await deployment.haveMoved(users, BACK_MS);
  const problems = new Problems();
  // Nothing is promised for those that the cloud asked for while nobody was there.
  await checkAfterwards(deployment, problems, { moved: users, mayBeGivenUp: users.length });
  const back = spread(backAfter(deployment, users).filter((ms) => ms !== Infinity));
  return { figures: { back, ...counted(deployment) }, problems: problems.list };
}
