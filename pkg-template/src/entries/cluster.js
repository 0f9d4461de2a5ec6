/** `tpa-session/cluster`. */
export * from "../cluster/index.js";
