/**
 * Quarantine of sessions whose owners die.
 *
 * @import { ClusterFields } from "../../types/cluster.js"
 */

/** Time for which deaths count, ms. */
const WINDOW = 10 * 60e3;
/** Deaths from which a session waits. */
const FREE = 3;
/** First wait, which doubles with each further death, ms. */
const WAIT = 60e3;

/** True if deaths of owners still count. @param {ClusterFields} fields @param {number} now */
export function hasCrashed({ crashes, crashedAt }, now) {
  return crashes > 0 && now - crashedAt < WINDOW;
}

/** Counts the death of an owner. @param {ClusterFields} fields @param {number} now @returns {ClusterFields} */
export function withCrash(fields, now) {
  return { ...fields, crashes: hasCrashed(fields, now) ? fields.crashes + 1 : 1, crashedAt: now };
}

/**
 * Time until a session may be started, ms; 0 if it may be now.
 *
 * @param {Pick<ClusterFields, "crashes" | "crashedAt"> | undefined} record
 * @param {number} now the store's clock, ms
 */
export function quarantine(record, now) {
  if (record === undefined || record.crashes < FREE) return 0;
  const wait = WAIT * 2 ** Math.min(record.crashes - FREE, 3);
  // A clock that was set back must not make the wait longer.
  return Math.min(Math.max(record.crashedAt + wait - now, 0), wait);
}
