/**
 * Records that the store has evicted, whose owners' indexes still name them: an owner goes on without its record,
 * which another process may claim for a request of the cloud, until its next complete check.
 */
import { COMPLETE, checkInterval } from "../../../pkg-template/src/cluster/checks.js";

/** Longest time from an eviction to the owner's next complete check, with few sessions, ms. */
export const COMPLETE_INTERVAL = COMPLETE * checkInterval(0);
/** Longest time from that check to the return of the owner's onStop, ms. */
const DISPLACED = 500;

export class Evictions {
  /** Number and time of the comparison, by instance and session. */
  #entries = new Map();
  #time;

  /** @param {Evictions} [other] to copy */
  constructor(time, other) {
    this.#time = time;
    if (other === undefined) return;
    for (const [key, entry] of other.#entries) this.#entries.set(key, { ...entry });
  }

  evicted(instance, { sessionId, number }) {
    this.#entries.set(`${instance} ${sessionId}`, { number, comparedAt: Infinity });
  }

  /** A process writes the record of a session, or compares the session with its record. */
  compared(instance, sessionId) {
    const entry = this.#entries.get(`${instance} ${sessionId}`);
    if (entry?.comparedAt === Infinity) entry.comparedAt = this.#time.now;
  }

  /** A process checks its sessions: a quick check compares those that its index has not with these numbers. */
  checked(instance, sessions, { quick = false } = {}) {
    for (const { sessionId, number } of sessions) {
      const isListed = this.#entries.get(`${instance} ${sessionId}`)?.number === number;
      if (!quick || !isListed) this.compared(instance, sessionId);
    }
  }

  /** True if a process does not know yet that its record is gone. */
  isUnaware({ instance }, sessionId) {
    const { comparedAt = -Infinity } = this.#entries.get(`${instance} ${sessionId}`) ?? {};
    return comparedAt > this.#time.now - DISPLACED;
  }
}
