/** `tpa-session/cluster`. */
export * from "../cluster/index.js";
export { redisCluster } from "../cluster/redis/index.js";
