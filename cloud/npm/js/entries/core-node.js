/** `tpa-cloud` in Node: the state machine, and files for it. */
export { Cloud } from "../core/cloud.js";
export { readToml } from "../core/scenario-files.js";
