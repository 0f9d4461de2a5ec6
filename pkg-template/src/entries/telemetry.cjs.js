/** `tpa-session/telemetry`. */
export { jsonLogger } from "../telemetry/json-logger.js";
export { recordMetrics } from "../telemetry/metrics.js";
export { recordSpans } from "../telemetry/spans.js";
