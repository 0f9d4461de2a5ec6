/**
 * A store, which may be an app's own, as the core needs it: replies of a wrong type are refused, and `close()` waits
 * for changes of records.
 *
 * @import { ClusterStore } from "../../types/cluster.js"
 */
import { withTimeout } from "../server/with-timeout.js";
import { COMMAND } from "./tasks.js";

const OUTCOMES = ["lost", "stopped", "won"];

/** @param {unknown} value @returns {value is string} */
const isText = (value) => typeof value === "string";

/** @param {any} record */
const isRecord = (record) =>
  isText(record?.owner) && Number.isFinite(record.number) && isText(record.userId) && isText(record.url);

/** Others may write into the list of a store, and the core ignores what is no state. @param {any} member */
const isMember = (member) => isText(member?.instance) && isText(member.state);

/** @param {any} difference */
const isDifference = (difference) =>
  isText(difference?.sessionId) &&
  OUTCOMES.includes(difference.outcome) &&
  isText(difference.owner) &&
  Number.isFinite(difference.number);

/** @param {any} list @param {(each: any) => boolean} fits */
const isListOf = (list, fits) => Array.isArray(list) && list.every(fits);

/** Checks of the replies that the core reads, by method of the store. */
const FITS = {
  beat: (/** @type {any} */ reply) => Number.isFinite(reply?.now) && Array.isArray(reply.members),
  read: (/** @type {any} */ reply) => reply === undefined || isRecord(reply),
  owned: (/** @type {any} */ reply) => isListOf(reply, isText),
  put: (/** @type {any} */ reply) =>
    typeof reply?.done === "boolean" && (reply.record === undefined || isRecord(reply.record)),
  check: (/** @type {any} */ reply) => isListOf(reply, isDifference),
  takeBlob: (/** @type {any} */ reply) => reply === undefined || reply instanceof Uint8Array,
};

/** Returns a reply without the entries of others, and with `undefined` for `null`. @param {any} reply */
function readable(reply) {
  // Databases tell of nothing by null.
  if (reply?.record === null) return { ...reply, record: undefined };
  if (Array.isArray(reply?.members)) return { ...reply, members: reply.members.filter(isMember) };
  return reply ?? undefined;
}

/** @param {PropertyKey} name @returns {name is keyof typeof FITS} */
const isChecked = (name) => Object.hasOwn(FITS, name);

/**
 * Returns a store whose commands reject where a reply does not fit, and whose `close()` waits for changes of
 * records. The cluster counts a command that rejects as unsure, like one without a reply.
 *
 * @param {ClusterStore} store
 * @param {(text: string) => void} warn called once for each command
 * @returns {ClusterStore}
 */
export function guardStore(store, warn) {
  /** @type {Set<string>} */
  const warned = new Set();
  /** Changes of records. @type {Set<Promise<unknown>>} */
  const pending = new Set();
  /** @param {keyof typeof FITS} name @param {any} reply */
  function check(name, reply) {
    const value = readable(reply);
    if (FITS[name](value)) return value;
    const text = `${name}() of the store resolved with an invalid value, see ClusterStore`;
    if (!warned.has(name)) warn(text);
    warned.add(name);
    throw new Error(text);
  }
  /** @param {keyof typeof FITS} name @param {unknown[]} args */
  async function command(name, args) {
    const replied = Promise.resolve(/** @type {any} */ (store)[name](...args));
    if (name === "put") pending.add(replied);
    try {
      const reply = await replied;
      // The entry of a process is removed: nobody reads what comes back.
      return name === "beat" && args[1] === "" ? reply : check(name, reply);
    } finally {
      pending.delete(replied);
    }
  }
  async function close() {
    // The record of a session that has just ended may be on its way.
    await withTimeout(COMMAND, Promise.allSettled([...pending]));
    await store.close();
  }
  // With an empty target: a proxy of a frozen store could only return the methods of that store.
  return new Proxy(/** @type {ClusterStore} */ ({}), {
    get(_, name) {
      if (name === "close") return close;
      if (isChecked(name)) return (/** @type {unknown[]} */ ...args) => command(name, args);
      const value = Reflect.get(store, name, store);
      return typeof value === "function" ? value.bind(store) : value;
    },
  });
}
