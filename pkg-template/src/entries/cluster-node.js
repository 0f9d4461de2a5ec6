/** Re-exports the CommonJS file, so that `import` and `require` share one copy of the cluster. */
import cluster from "./cluster.cjs";

export const { MemoryStore, createCluster, nodeCluster, redisCluster, serveWorkers } = cluster;
