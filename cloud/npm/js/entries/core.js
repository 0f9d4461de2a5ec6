/** `tpa-cloud` in pages and workers: the state machine. */
export { Cloud } from "../core/cloud.js";
