/** This package with 5 ms more when it is evaluated. */
export { connect } from "../tpa-session-as-written.mjs";

const end = performance.now() + 5;
while (performance.now() < end);
