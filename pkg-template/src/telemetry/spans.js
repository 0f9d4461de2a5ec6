/**
 * Spans of the requests to the servers in this process, and of the attempts of their sessions.
 *
 * @import { TracerLike } from "tpa-session/telemetry"
 */
import { refuse } from "../session/validate.js";
import { guard, subscribe } from "./subscribe.js";

/** Values of OpenTelemetry's `SpanKind` and `SpanStatusCode`. */
const SERVER = 1;
const CLIENT = 2;
const ERROR = 2;

/**
 * @param {TracerLike} tracer
 * @returns {() => void}
 */
export function recordSpans(tracer) {
  if (typeof tracer?.startSpan !== "function") {
    refuse("tracer", "a tracer of @opentelemetry/api, such as trace.getTracer(name)", tracer);
  }
  return subscribe({
    created({ session }) {
      /** @type {ReturnType<TracerLike["startSpan"]> | undefined} */
      let span;
      session.on("connecting", ({ attempt }) =>
        guard(() => {
          const attributes = { "tpa.package": session.packageName, "tpa.attempt": attempt };
          span = tracer.startSpan("tpa connect", { kind: CLIENT, attributes });
        }),
      );
      session.on("connected", () =>
        guard(() => {
          span?.end();
          span = undefined;
        }),
      );
      session.on("disconnected", ({ kind, code }) =>
        guard(() => {
          span?.setStatus({ code: ERROR, message: `${kind} ${code}` });
          span?.end();
          span = undefined;
        }),
      );
    },
    ended() {},
    answered({ packageName, route = "other", type, status, duration }) {
      const now = Date.now();
      const span = tracer.startSpan(`tpa ${type ?? route}`, {
        kind: SERVER,
        startTime: now - duration,
        attributes: { "tpa.package": packageName, "tpa.route": route, "http.response.status_code": status },
      });
      if (status >= 500) span.setStatus({ code: ERROR });
      span.end(now);
    },
  });
}
