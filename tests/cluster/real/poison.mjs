/**
 * Sessions that end their processes, under a supervisor that starts processes again.
 *
 * @import { Run } from "./matrix.mjs"
 * @import { Deployment } from "./deployment.mjs"
 */
import { setTimeout as sleep } from "node:timers/promises";

import { Problems } from "./figures.mjs";
import { checkAfterwards, counted, populate } from "./losses.mjs";

/** Time after which a supervisor starts a process again, and time without an answer after which it ends one, ms. */
const RESTART_MS = 1000;
const LIVENESS_MS = 1000;
const FAILURES = 5;
/** Time before the session may be started again, ms. */
const WATCH_MS = 45_000;
/** Processes that a session ends before it has to wait. */
const MOST = 3;

/**
 * Starts processes again, and ends those that do not answer. Returns the numbers of processes that ended so far,
 * and of those among them that did not answer.
 *
 * @param {Deployment} deployment
 */
function supervise(deployment) {
  let [ended, hung] = [0, 0];
  let isOver = false;
  /** @param {import("./app-process.mjs").AppProcess} process */
  const watch = async (process) => {
    let failures = 0;
    const timer = setInterval(async () => {
      const signal = AbortSignal.timeout(LIVENESS_MS);
      const isWell = await fetch(`${process.url}/health`, { signal }).then(
        () => true,
        () => false,
      );
      failures = isWell ? 0 : failures + 1;
      if (failures < FAILURES) return;
      if (failures === FAILURES) hung += 1;
      process.signal("SIGKILL");
    }, LIVENESS_MS);
    await process.ended;
    clearInterval(timer);
    if (isOver) return;
    ended += 1;
    await sleep(RESTART_MS);
    if (!isOver) void watch(await deployment.add({ name: process.name }));
  };
  for (const process of deployment.processes) void watch(process);
  return { ended: () => ended, hung: () => hung, stop: () => (isOver = true) };
}

/** @param {string} kind @returns {Run} */
export const poisoned = (kind) =>
  async function poisoned(deployment, { users: count }) {
    const users = await populate(deployment, count);
    const supervisor = supervise(deployment);
    deployment.mark();
    const user = `poison-${kind}`;
    await deployment.request(user);
    // The cloud gives it up.
    deployment.wanted.delete(user);
    await sleep(WATCH_MS);
    const problems = new Problems();
    problems.atMost("processes that it ended", supervisor.ended(), MOST);
    problems.check(supervisor.ended() > 0, "it ended no process");
    await checkAfterwards(deployment, problems, { moved: users, mayBeGivenUp: 1 });
    supervisor.stop();
    const quarantined = deployment.processes
      .flatMap(({ events }) => events)
      .filter(({ where }) => where === "quarantine");
    problems.check(quarantined.length > 0, "the app was not told that the session waits");
    return {
      figures: {
        ended: supervisor.ended(),
        hung: supervisor.hung(),
        quarantined: quarantined.length,
        ...counted(deployment),
      },
      problems: problems.list,
    };
  };
