/** Warnings about errors of Redis, and the right that a user of it is missing. */

/** Shortest time between two warnings with the same text, ms. */
const REPEAT = 60_000;
/** Most texts that are remembered. */
const MAX_TEXTS = 100;
/** Commands that the store sends or its scripts call, for `ACL SETUSER`. */
const COMMANDS = [
  ...["eval", "publish", "subscribe", "set", "getdel", "ping"],
  ...["hmget", "time", "hset", "hgetall", "hdel", "hkeys", "del", "pexpire"],
];

/**
 * Rights that the store needs, in the form of `ACL SETUSER`.
 *
 * @param {string} prefix first characters of all keys and channels
 * @param {boolean} [isCluster] also those by which a client finds the nodes of Redis Cluster
 */
export function rights(prefix, isCluster = false) {
  const commands = isCluster ? [...COMMANDS, "cluster|slots"] : COMMANDS;
  // A new user of Redis 6.2 may use all channels, to which none can be added.
  return [`~${prefix}*`, "resetchannels", `&${prefix}*`, ...commands.map((each) => `+${each}`)].join(" ");
}

/**
 * Returns a function that warns of an error, at most once a minute, and returns the error to throw.
 *
 * @param {string} needed rights, as of `rights`
 * @param {(text: string) => void} warn
 */
export function complaints(needed, warn) {
  /** @type {Map<string, number>} */
  const last = new Map();
  /** @param {string} text */
  function once(text) {
    const now = performance.now();
    if (now - (last.get(text) ?? -Infinity) < REPEAT) return;
    if (last.size >= MAX_TEXTS) last.clear();
    last.set(text, now);
    warn(text);
  }
  /** @param {unknown} error */
  function complain(error) {
    const translated = translate(error, needed);
    once(translated.message);
    return translated;
  }
  return Object.assign(complain, { once });
}

/**
 * @param {unknown} error
 * @param {string} needed rights
 * @returns {Error}
 */
function translate(error, needed) {
  const { message: text = `${error}`, lastNodeError } =
    /** @type {{ message?: string, lastNodeError?: Error | null }} */ (error ?? {});
  if (text.startsWith("redis: ")) return /** @type {Error} */ (error);
  // That of ioredis, which has found no node of Redis Cluster.
  const message = lastNodeError == null ? text : `${text} ${lastNodeError.message}`;
  if (/NOPERM|can't run this command|ACL failure/.test(message)) {
    return new Error(`redis: a right is missing (${message}); allow it with: ACL SETUSER NAME ${needed}`);
  }
  if (/unknown command/i.test(message) && /getdel/i.test(message)) {
    return new Error(`redis: version 6.2 or newer is needed, or Valkey (${message})`);
  }
  // The messages of AggregateError are empty.
  const { errors, code } = /** @type {{ errors?: Error[], code?: string }} */ (error ?? {});
  return new Error(`redis: ${message || errors?.[0]?.message || code || "no connection"}`);
}
