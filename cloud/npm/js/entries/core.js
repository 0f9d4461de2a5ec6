/** `tpa-cloud`: the state machine. */
export { Cloud, readToml } from "../core/cloud.js";
