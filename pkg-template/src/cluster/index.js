/**
 * `tpa-session/cluster`: a server on several processes.
 *
 * @import { Cluster, ClusterOpening, ClusterOptions, ClusterStore } from "../../types/cluster.js"
 * @import { Parts } from "./member.js"
 */
import { JOIN } from "../server/cluster-symbol.js";
import { checkNames } from "../session/names.js";
import { oneOf, refuse } from "../session/validate.js";
import { Member } from "./member.js";
import { BEAT } from "./state.js";

export { MemoryStore } from "./memory-store.js";

/** Shortest lease, ms: three beats and the time of one command. */
const MIN_LEASE = 3 * BEAT + 1000;
/** Longest lease, ms: a death is noticed two beats later, and what died a minute ago is not taken over. */
const MAX_LEASE = 50_000;
const LEASE = 10_000;
/** Most characters of a name, which is a part of keys and messages. */
const MAX_NAME = 100;

const OPTIONS = ["open", "name", "lease", "strict", "photos"];
const PHOTOS = /** @type {const} */ (["store", "here"]);
const METHODS = /** @type {const} */ ([
  "beat",
  "read",
  "owned",
  "put",
  "check",
  "publish",
  "subscribe",
  "putBlob",
  "takeBlob",
  "close",
]);

/**
 * @param {ClusterOptions & { open: (opening: ClusterOpening) => ClusterStore }} given
 * @returns {Cluster}
 */
export function createCluster(given) {
  const warnings = checkNames(given, OPTIONS);
  const { open, ...options } = given ?? {};
  if (typeof open !== "function") refuse("open", "a function that returns a store", open);
  const settings = readSettings(options);
  const cluster = {
    options: settings,
    /** @param {Parts} parts */
    [JOIN](parts) {
      for (const text of warnings) parts.log("warn", `cluster: ${text}`);
      return new Member(settings, (opening) => checkStore(open(opening)), parts);
    },
  };
  return cluster;
}

/** @param {ClusterOptions} given */
function readSettings({ name, lease = LEASE, strict = false, photos = "store" }) {
  if (name !== undefined && !(typeof name === "string" && /^[\w-]+$/.test(name) && name.length <= MAX_NAME)) {
    refuse("name", `1 to ${MAX_NAME} letters, digits, "-" or "_"`, name);
  }
  if (!(typeof lease === "number" && lease >= MIN_LEASE && lease <= MAX_LEASE)) {
    refuse("lease", `a number of ms from ${MIN_LEASE}, three beats and 1 s, to ${MAX_LEASE}`, lease);
  }
  if (typeof strict !== "boolean") refuse("strict", "true or false", strict);
  oneOf("photos", photos, PHOTOS);
  return { name, lease, strict, photos };
}

/** @param {any} store @returns {ClusterStore} */
function checkStore(store) {
  const missing = METHODS.find((name) => typeof store?.[name] !== "function");
  if (missing !== undefined) {
    refuse("cluster", `a cluster whose open() returns a store, with the method ${missing}()`, store);
  }
  return store;
}
