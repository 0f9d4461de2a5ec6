/**
 * The replies of a store, which may be an app's own: what does not fit must not look like an answer.
 *
 * @import { ClusterStore } from "../../types/cluster.js"
 */

const OUTCOMES = ["lost", "stopped", "won"];

/** @param {unknown} value @returns {value is string} */
const isText = (value) => typeof value === "string";

/** @param {any} record */
const isRecord = (record) =>
  isText(record?.owner) && Number.isFinite(record.number) && isText(record.userId) && isText(record.url);

/** @param {any} member */
const isMember = (member) => isText(member?.instance) && Number.isFinite(member.at) && isText(member.state);

/** @param {any} difference */
const isDifference = (difference) =>
  isText(difference?.sessionId) &&
  OUTCOMES.includes(difference.outcome) &&
  isText(difference.owner) &&
  Number.isFinite(difference.number);

/** @param {any} list @param {(each: any) => boolean} fits */
const isListOf = (list, fits) => Array.isArray(list) && list.every(fits);

/** Conditions of the replies that the core reads, by command. */
const FITS = {
  beat: (/** @type {any} */ reply) => Number.isFinite(reply?.now) && isListOf(reply.members, isMember),
  read: (/** @type {any} */ reply) => reply === undefined || isRecord(reply),
  owned: (/** @type {any} */ reply) => isListOf(reply, isText),
  put: (/** @type {any} */ reply) =>
    typeof reply?.done === "boolean" && (reply.record === undefined || isRecord(reply.record)),
  check: (/** @type {any} */ reply) => isListOf(reply, isDifference),
  takeBlob: (/** @type {any} */ reply) => reply === undefined || reply instanceof Uint8Array,
};

/**
 * Returns a store whose commands reject where a reply does not fit. The cluster counts such a command as unsure,
 * like one without a reply.
 *
 * @param {ClusterStore} store
 * @param {(text: string) => void} warn called once for each command
 * @returns {ClusterStore}
 */
export function checkReplies(store, warn) {
  /** @type {Set<string>} */
  const warned = new Set();
  /** @param {keyof typeof FITS} name @param {any} reply */
  function check(name, reply) {
    // Databases tell of nothing by null.
    const value = reply?.record === null ? { ...reply, record: undefined } : (reply ?? undefined);
    if (FITS[name](value)) return value;
    const text = `the store answered ${name}() with what is no reply to it, see ClusterStore`;
    if (!warned.has(name)) warn(text);
    warned.add(name);
    throw new Error(text);
  }
  return new Proxy(store, {
    get(target, name) {
      const value = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      const method = value.bind(target);
      if (!Object.hasOwn(FITS, name)) return method;
      return async (/** @type {unknown[]} */ ...args) =>
        check(/** @type {keyof typeof FITS} */ (name), await method(...args));
    },
  });
}
