/** `tpa-session/cluster` for Node. */
export * from "../cluster/index.js";
export { redisCluster } from "../cluster/redis/index.js";
