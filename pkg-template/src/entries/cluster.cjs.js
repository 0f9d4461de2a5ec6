/** `tpa-session/cluster` for Node. */
export * from "../cluster/index.js";
