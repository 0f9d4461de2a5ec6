/** The invariant about stops: nobody has the session after one. */

/** Time from the answer to a stop to the first look, ms. */
const FIRST = 2500;
/** Time in which a stop that the store did not hear of is known to all, ms. */
const KNOWN = 60_000;

/**
 * Looks for a session some time after its stop was processed, or once the process that could not do so is well.
 * Others hear of it within `settle` ms.
 */
export function afterStop(world, { user, process, at, settle }) {
  const { time, processes, store, witness } = world;
  const { sessionId } = user;
  const ms = settle + FIRST;
  const unreached = processes.filter((each) => !witness.isWell(each, settle));
  const isWithout = ({ isAlive, isLeft, state }) => {
    const phase = isAlive && !isLeft && state.holds.get(sessionId)?.phase;
    return !phase || phase === "quarantined";
  };
  // One that has left may just have passed a request on that it had received before it stood still.
  const isGone = ({ isAlive, isLeft, killedAt, leftAt }) =>
    (!isAlive || isLeft) && Math.max(killedAt, leftAt) < time.now - ms;
  const isMarkLost = () => store.lostMarks.get(sessionId) > at;
  // Without the mark, it was taken over from a lost machine: the cloud refuses it.
  const isRefused = ({ isAlive, state }) =>
    isAlive && isMarkLost() && state.holds.get(sessionId)?.phase === "connecting";
  // No stop can name it, and its index still has the record.
  const isUnaware = (each) => !isWithout(each) && store.evictions.isUnaware(each, sessionId);
  const isWell = (each) => isGone(each) || witness.isWell({ ...each, isAlive: true }, ms);
  const look = () => {
    const isAgain = user.startedAt !== undefined && user.startedAt >= at - 1000;
    if (isAgain || user.isWanted || !process.isAlive || process.isLeft || world.wasLossy || world.wasDeaf)
      return;
    // The cloud refuses the connection that follows a late copy of a request.
    const isQuiet = Math.max(store.since, user.deliveredAt ?? 0) < time.now - ms && !store.isAway;
    if (!isQuiet || !processes.every(isWell) || processes.some(isRefused) || processes.some(isUnaware))
      return void (time.now < at + KNOWN && time.after(500, look));
    for (const each of processes) {
      // The mark was lost before the owner could be told: of a stop that was written later, it was away then.
      const isUnknown = isMarkLost() && (unreached.includes(each) || each.disturbedUntil > at);
      if (!isWithout(each) && !isUnknown) witness.fail(`${each.instance} has ${sessionId} after its stop`);
    }
  };
  time.after(FIRST, look);
}
