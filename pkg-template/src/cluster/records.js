/**
 * Records of a store in memory. Each method is what one script does in a database; the clock is an
 * argument. As in Redis, quick checks read the index of the instance, which every change of a record keeps, and
 * which still names a record that has expired.
 *
 * @import { ClusterCheckOptions, ClusterDifference, ClusterHeld, ClusterMember, ClusterPut, ClusterPutResult, ClusterRecord } from "../../types/cluster.js"
 *
 * @typedef {{ record: ClusterRecord, until: number }} Kept
 */

/** Interval at which expired records are removed, ms. */
const SWEEP = 60_000;

export class Records {
  /** @type {Map<string, ClusterMember>} */
  #members = new Map();
  /** @type {Map<string, Kept>} */
  #records = new Map();
  /** Numbers by session id, for each instance: its index. @type {Map<string, Map<string, number>>} */
  #owned = new Map();
  /** @type {Map<string, { bytes: Uint8Array, until: number }>} */
  #blobs = new Map();
  /** When expired records were last removed. */
  #sweptAt = 0;

  /** @param {Records} [other] to copy */
  constructor(other) {
    if (other === undefined) return;
    this.#members = new Map(other.#members);
    this.#records = new Map(other.#records);
    this.#owned = new Map([...other.#owned].map(([key, ids]) => [key, new Map(ids)]));
    this.#blobs = new Map(other.#blobs);
  }

  /**
   * @param {number} now wall clock, ms
   * @param {string} instance
   * @param {string} state
   * @returns {{ now: number, previous: string | undefined, members: ClusterMember[] }}
   */
  beat(now, instance, state) {
    removeExpired(this.#blobs, now);
    // The clock may be set back.
    if (Math.abs(now - this.#sweptAt) >= SWEEP) {
      removeExpired(this.#records, now);
      this.#sweptAt = now;
    }
    const previous = this.#members.get(instance)?.state;
    if (state === "") {
      this.#members.delete(instance);
      this.#owned.delete(instance);
    } else {
      this.#members.set(instance, { instance, at: now, state });
    }
    return { now, previous, members: [...this.#members.values()] };
  }

  /** @param {number} now @param {string} sessionId @returns {ClusterRecord | undefined} */
  read(now, sessionId) {
    const kept = this.#records.get(sessionId);
    if (kept !== undefined && kept.until <= now) this.#records.delete(sessionId);
    else return kept?.record;
  }

  /** @param {number} _now @param {string} instance */
  owned(_now, instance) {
    return [...(this.#owned.get(instance)?.keys() ?? [])];
  }

  /** @param {number} now @param {ClusterPut} put @returns {ClusterPutResult} */
  put(now, { sessionId, expected, owner, number: own, fields, ttl }) {
    const old = this.read(now, sessionId);
    const { owner: oldOwner, number: oldNumber } = old ?? { owner: "", number: 0 };
    const isExpected =
      expected === "lower" ? oldNumber < own : oldOwner === expected.owner && oldNumber === expected.number;
    if (!isExpected) return { done: false, record: old };
    if (owner === null) {
      this.#remove(sessionId);
      return { done: true, record: undefined };
    }
    const number = expected === "lower" ? own : Math.max(oldNumber + 1, Math.floor(now * 1000));
    return { done: true, record: this.#write(sessionId, { ...fields, owner, number }, now + ttl) };
  }

  /**
   * @param {number} now
   * @param {string} instance
   * @param {readonly ClusterHeld[]} sessions
   * @param {number} ttl
   * @param {ClusterCheckOptions} [options]
   */
  check(now, instance, sessions, ttl, { quick = false } = {}) {
    /** @type {ClusterDifference[]} */
    const differences = [];
    for (const { sessionId, number, fields } of sessions) {
      if (quick && this.#owned.get(instance)?.get(sessionId) === number) continue;
      const old = this.read(now, sessionId);
      const { owner, number: oldNumber, startedAt } = old ?? { ...fields, owner: instance, number: 0 };
      if (oldNumber > number || (oldNumber === number && owner !== instance)) {
        differences.push({ sessionId, outcome: "lost", owner, number: oldNumber });
        continue;
      }
      if (owner === "" && fields.startedAt > 0 && startedAt > fields.startedAt) {
        differences.push({ sessionId, outcome: "stopped", owner, number: oldNumber });
        continue;
      }
      if (owner !== instance) differences.push({ sessionId, outcome: "won", owner, number: oldNumber });
      const kept = old !== undefined && oldNumber === number ? old : { ...fields, owner: instance, number };
      this.#write(sessionId, kept, now + ttl);
    }
    return differences;
  }

  /** @param {number} now @param {string} id @param {Uint8Array} bytes @param {number} ttl */
  putBlob(now, id, bytes, ttl) {
    removeExpired(this.#blobs, now);
    this.#blobs.set(id, { bytes, until: now + ttl });
  }

  /** @param {number} now @param {string} id */
  takeBlob(now, id) {
    const blob = this.#blobs.get(id);
    this.#blobs.delete(id);
    return blob !== undefined && blob.until > now ? blob.bytes : undefined;
  }

  /** @param {string} sessionId @param {ClusterRecord} record @param {number} until */
  #write(sessionId, record, until) {
    this.#remove(sessionId);
    this.#records.set(sessionId, { record, until });
    if (record.owner === "") return record;
    const owned = this.#owned.get(record.owner) ?? new Map();
    this.#owned.set(record.owner, owned.set(sessionId, record.number));
    return record;
  }

  /** @param {string} sessionId */
  #remove(sessionId) {
    const owner = this.#records.get(sessionId)?.record.owner;
    this.#records.delete(sessionId);
    if (owner !== undefined) this.#owned.get(owner)?.delete(sessionId);
  }
}

/** @param {Map<string, { until: number }>} kept @param {number} now */
function removeExpired(kept, now) {
  for (const [key, { until }] of kept) if (until <= now) kept.delete(key);
}
