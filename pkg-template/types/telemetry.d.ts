import type { TpaSession } from "tpa-session";

/** Message of the channels `tpa-session:session:created` and `tpa-session:session:ended`. */
export interface SessionMessage {
  session: TpaSession;
  sessionId: string;
  userId: string;
}

/** Message of the channel `tpa-session:request:answered`: a request to a server, of anyone. */
export interface RequestMessage {
  packageName: string;
  /** `webhook`, `photo-upload`, `tool`, `settings` or `health`; `undefined` for another path. */
  route: string | undefined;
  /** `session_request` or `stop_request`, if the request was one. */
  type: string | undefined;
  /** Status of the response. */
  status: number;
  /** Time from the request to the response, ms. */
  duration: number;
}

/** Attributes of a value, with few different values each. */
export interface MetricAttributes {
  [name: string]: string | number | boolean;
}

/** The members of OpenTelemetry's `Meter` that are used. */
export interface MeterLike {
  createCounter(name: string, options?: MetricOptions): CounterLike;
  createHistogram(name: string, options?: MetricOptions): HistogramLike;
  createObservableGauge(name: string, options?: MetricOptions): ObservableLike;
}

export interface MetricOptions {
  description?: string;
  unit?: string;
  advice?: { explicitBucketBoundaries?: number[] };
}

export interface CounterLike {
  add(value: number, attributes?: MetricAttributes): void;
}

export interface HistogramLike {
  record(value: number, attributes?: MetricAttributes): void;
}

export interface ObservableLike {
  addCallback(callback: (result: ObservableResultLike) => void): void;
  removeCallback(callback: (result: ObservableResultLike) => void): void;
}

export interface ObservableResultLike {
  observe(value: number, attributes?: MetricAttributes): void;
}

/** The members of OpenTelemetry's `Tracer` that are used. */
export interface TracerLike {
  startSpan(
    name: string,
    options?: { kind?: number; startTime?: number; attributes?: MetricAttributes },
  ): { setStatus(status: { code: number; message?: string }): unknown; end(endTime?: number): void };
}

/**
 * Records metrics of all servers in this process, with a meter of `@opentelemetry/api`. Call it before
 * `createTpaServer()`: sessions that exist already are not seen. Returns a function that stops it.
 *
 * @throws {TypeError} for an object that is no meter.
 * @throws {Error} in a runtime without `node:diagnostics_channel`.
 */
export function recordMetrics(meter: MeterLike): () => void;

/**
 * Records a span for each request to a server and for each attempt to connect, with a tracer of
 * `@opentelemetry/api`. Returns a function that stops it.
 *
 * @throws {TypeError} for an object that is no tracer.
 * @throws {Error} in a runtime without `node:diagnostics_channel`.
 */
export function recordSpans(tracer: TracerLike): () => void;

/**
 * Creates a `logger` that writes one line of JSON for each log line: `time`, `level`, `package`, `session`,
 * `connection` and `message`.
 *
 * @param write default: writes to the standard output.
 */
export function jsonLogger(write?: (line: string) => void): {
  error(line: string): void;
  warn(line: string): void;
  info(line: string): void;
  debug(line: string): void;
};
