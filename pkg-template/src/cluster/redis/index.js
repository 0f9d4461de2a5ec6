/**
 * `redisCluster`: a cluster on Redis or Valkey with the app's own client.
 *
 * @import { Cluster, RedisClusterOptions } from "../../../types/cluster.js"
 */
import { refuse } from "../../session/validate.js";
import { createCluster } from "../index.js";
import { libraryOf } from "./clients.js";
import { RedisStore } from "./store.js";

/** Prefix without braces, which would change the hash tag, and short. */
const PREFIX = /^[^{}\s]{1,100}$/;

/**
 * @param {RedisClusterOptions} given
 * @returns {Cluster}
 */
export function redisCluster({ client, prefix, ...options }) {
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
