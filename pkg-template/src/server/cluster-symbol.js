/**
 * Symbol of the method by which a server joins a cluster, which is made in another file of the package.
 *
 * @import { Cluster } from "tpa-session/cluster"
 * @import { Member, Parts } from "../cluster/member.js"
 */

/** Registered globally, since each entry point has its own copy of this module. */
export const JOIN = Symbol.for("tpa-session.cluster.join");

/**
 * @param {Cluster} cluster
 * @param {Parts} parts
 * @returns {Member}
 */
export function join(cluster, parts) {
  return /** @type {any} */ (cluster)[JOIN](parts);
}

/** @param {any} value */
export function isCluster(value) {
  return typeof value === "object" && typeof value?.[JOIN] === "function";
}
