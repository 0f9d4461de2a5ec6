/** `tpa-cloud/testing`. */
export { TestCloud } from "../testing/test-cloud.js";
