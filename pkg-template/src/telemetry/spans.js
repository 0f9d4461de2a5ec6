/**
 * Spans of the requests to the servers in this process, of the attempts of their sessions, and of starts that
 * another process of a cluster passed on.
 *
 * @import { RequestMessage, SpanLike, TracerLike, TracingApi } from "tpa-session/telemetry"
 */
import { refuse } from "../session/validate.js";
import { guard, subscribe } from "./subscribe.js";

/** Values of OpenTelemetry's `SpanKind` and `SpanStatusCode`. */
const SERVER = 1;
const CLIENT = 2;
const ERROR = 2;
/** Header `traceparent` of W3C Trace Context, version 0. */
const TRACE = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/**
 * @param {TracerLike} tracer
 * @param {TracingApi} [api]
 * @returns {() => void}
 */
export function recordSpans(tracer, api) {
  if (typeof tracer?.startSpan !== "function") {
    refuse("tracer", "a tracer of @opentelemetry/api, such as trace.getTracer(name)", tracer);
  }
  if (api !== undefined && typeof api?.trace?.setSpanContext !== "function") {
    refuse("api", "the module @opentelemetry/api", api);
  }
  const removals = [recordAttempts(tracer), recordRequests(tracer), recordAsked(tracer, api)];
  return () => removals.forEach((remove) => remove());
}

/** @param {TracerLike} tracer */
function recordAttempts(tracer) {
  return subscribe({
    created({ session }) {
      /** @type {SpanLike | undefined} */
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
  });
}

/** @param {TracerLike} tracer */
function recordRequests(tracer) {
  /** @type {WeakMap<RequestMessage, SpanLike>} */
  const spans = new WeakMap();
  return subscribe({
    received(message) {
      const { packageName, route = "other" } = message;
      const attributes = { "tpa.package": packageName, "tpa.route": route };
      const span = tracer.startSpan(`tpa ${route}`, { kind: SERVER, attributes });
      spans.set(message, span);
      message.trace = traceOf(span);
    },
    answered(message) {
      const { type, status } = message;
      const span = spans.get(message);
      if (type !== undefined) span?.updateName(`tpa ${type}`);
      finish(span, status);
    },
  });
}

/** @param {TracerLike} tracer @param {TracingApi | undefined} api */
function recordAsked(tracer, api) {
  /** @type {Map<string, SpanLike>} */
  const spans = new Map();
  return subscribe({
    asked({ packageName, instance, id, from, trace }) {
      const attributes = { "tpa.package": packageName, "tpa.cluster.from": from, "tpa.cluster.to": instance };
      const parent = contextOf(trace);
      const links = parent === undefined ? [] : [{ context: parent }];
      const options = { kind: SERVER, attributes };
      const span =
        api === undefined || parent === undefined
          ? tracer.startSpan("tpa cluster start", { ...options, links })
          : tracer.startSpan(
              "tpa cluster start",
              options,
              api.trace.setSpanContext(api.ROOT_CONTEXT, parent),
            );
      spans.set(id, span);
    },
    replied({ id, status }) {
      const span = spans.get(id);
      spans.delete(id);
      finish(span, status);
    },
  });
}

/** @param {SpanLike | undefined} span @param {number | undefined} status of the response */
function finish(span, status) {
  if (status !== undefined) span?.setAttribute("http.response.status_code", status);
  if (status !== undefined && status >= 500) span?.setStatus({ code: ERROR });
  span?.end();
}

/** Text by which another process continues the trace of a span. @param {SpanLike} span */
function traceOf(span) {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, "0")}`;
}

/** @param {string | undefined} trace */
function contextOf(trace) {
  const [, traceId, spanId, flags] = TRACE.exec(trace ?? "") ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
}
