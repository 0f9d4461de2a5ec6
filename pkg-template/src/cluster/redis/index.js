/**
 * `redisCluster`: a cluster on Redis or Valkey with the app's own client.
 *
 * @import { Cluster, RedisClusterOptions } from "../../../types/cluster.js"
 */
import { checkNames } from "../../session/names.js";
import { refuse } from "../../session/validate.js";
import { createCluster } from "../index.js";
import { libraryOf } from "./clients.js";
import { RedisStore } from "./store.js";

const OPTIONS = ["client", "prefix", "name", "lease", "strict", "photos"];
/** Prefix without braces, which would change the hash tag, and short. */
const PREFIX = /^[^{}\s]{1,100}$/;

/**
 * @param {RedisClusterOptions} given
 * @returns {Cluster}
 */
export function redisCluster(given) {
  // An error must not show a URL, which may have a password.
  const named = Object(given);
  // Of other names the cluster warns.
  checkNames(named, OPTIONS);
  const { client, prefix, ...options } = named;
  if (prefix !== undefined && !(typeof prefix === "string" && PREFIX.test(prefix))) {
    refuse("prefix", "1 to 100 characters without spaces and braces", prefix);
  }
  const library = libraryOf(client);
  return createCluster({
    ...options,
    open(opening) {
      const parts = ["tpa", opening.packageName, ...(prefix === undefined ? [] : [prefix])];
      return new RedisStore(library, parts.join(":"), opening);
    },
  });
}
