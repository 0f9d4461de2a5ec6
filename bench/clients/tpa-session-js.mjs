/** This package with the core in JavaScript, which is then that of all entry points in Node. */
import "tpa-session/js";

export { connect } from "./tpa-session.mjs";
