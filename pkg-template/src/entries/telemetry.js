/** Re-exports the CommonJS file, so that `import` and `require` share one copy. */
import telemetry from "./telemetry.cjs";

export const { jsonLogger, recordMetrics, recordSpans } = telemetry;
