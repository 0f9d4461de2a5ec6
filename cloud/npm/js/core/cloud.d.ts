/** Types of `cloud.js` for the program. */
export { Cloud, readToml } from "../../types/index.js";
