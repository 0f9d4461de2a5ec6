/** `tpa-session/telemetry` for `require`. */
export * from "./telemetry.js";
