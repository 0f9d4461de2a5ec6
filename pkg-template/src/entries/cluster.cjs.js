/** `tpa-session/cluster` for Node. */
export * from "../cluster/index.js";
export { nodeCluster, serveWorkers } from "../cluster/node-cluster.js";
export { redisCluster } from "../cluster/redis/index.js";
