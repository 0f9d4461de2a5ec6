import type { TpaSession } from "tpa-session";

/** Message of the channels `tpa-session:session:created` and `tpa-session:session:ended`. */
export interface SessionMessage {
  session: TpaSession;
  sessionId: string;
  userId: string;
}

/**
 * Message of the channels `tpa-session:request:received` and `tpa-session:request:answered`: a request to a
 * server, of anyone. Both have the same object.
 */
export interface RequestMessage {
  packageName: string;
  /** `webhook`, `photo-upload`, `tool`, `settings` or `health`; `undefined` for another path. */
  route: string | undefined;
  /** `session_request` or `stop_request`, if the request was one. */
  type: string | undefined;
  /** Status of the response; 0 before it. */
  status: number;
  /** Time from the request to the response, ms; 0 before it. */
  duration: number;
  /** `traceparent` of W3C Trace Context; one that a subscriber sets when the request is received is passed on. */
  trace: string | undefined;
}

/**
 * Message of the channels `tpa-session:cluster:joined` and `tpa-session:cluster:left`: a server of this process
 * in a cluster. The object is the same, and tells the present state.
 */
export interface ClusterMemberMessage {
  readonly packageName: string;
  /** Name of the process in the cluster. */
  readonly instance: string;
  /** Processes that live, as this one sees it, itself included. */
  readonly members: number;
  /** True while the store does not answer. */
  readonly isAlone: boolean;
  /** True while it serves requests of the cloud, as `GET /health?ready` tells. */
  readonly isReady: boolean;
  /** Records that are to be settled with the store. */
  readonly owed: number;
}

/** Message of the channel `tpa-session:cluster:event`. */
export interface ClusterEventMessage {
  packageName: string;
  /** Process that tells it. */
  instance: string;
  /**
   * `takeovers`, `handovers`, `lost`, `won`, `quarantined`, `asks`, `unsure`, `gate`, `storeLosses`, or
   * `alone` for a start without the store.
   */
  name: string;
  sessionId?: string | undefined;
  /** Of `takeovers`: `cloud`, `dead`, `handover`, `silence` or `none`. */
  why?: string | undefined;
  /** Of `asks`: `answered`, `none`, `late`, `silent` or `gone`. */
  outcome?: string | undefined;
  /** Process that had the session. */
  from?: string | undefined;
  /** Process that has the session; `""` if it was stopped. */
  to?: string | undefined;
  /** Number of the claim. */
  number?: number | undefined;
  /** Of `gate`: time for which nothing passed, ms. */
  duration?: number | undefined;
}

/** Message of the channel `tpa-session:cluster:command`: a command to the store. */
export interface ClusterCommandMessage {
  packageName: string;
  /** Method of `ClusterStore`. */
  command: string;
  /** Time until the answer or the failure, ms. */
  duration: number;
  isAnswered: boolean;
}

/** Message of the channel `tpa-session:cluster:asked`: a start that another process passed on to this one. */
export interface ClusterAskMessage {
  packageName: string;
  instance: string;
  id: string;
  /** Process that asks. */
  from: string;
  /** `traceparent` of the request there. */
  trace: string | undefined;
}

/** Message of the channel `tpa-session:cluster:replied`: the answer to it. */
export interface ClusterReplyMessage {
  packageName: string;
  instance: string;
  id: string;
  /** Status of the response; `undefined` if this process does not have the session. */
  status: number | undefined;
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

/** The members of OpenTelemetry's `SpanContext`. */
export interface SpanContextLike {
  traceId: string;
  spanId: string;
  traceFlags: number;
  isRemote?: boolean;
}

/** The members of OpenTelemetry's `Span` that are used. */
export interface SpanLike {
  setStatus(status: { code: number; message?: string }): unknown;
  setAttribute(name: string, value: string | number | boolean): unknown;
  updateName(name: string): unknown;
  spanContext(): SpanContextLike;
  end(endTime?: number): void;
}

/** The members of OpenTelemetry's `Tracer` that are used. */
export interface TracerLike {
  startSpan(
    name: string,
    options?: {
      kind?: number;
      attributes?: MetricAttributes;
      links?: { context: SpanContextLike }[];
    },
    context?: any,
  ): SpanLike;
}

/** The members of the module `@opentelemetry/api` that are used. */
export interface TracingApi {
  trace: { setSpanContext(context: any, spanContext: SpanContextLike): unknown };
  ROOT_CONTEXT: unknown;
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
 * Records a span for each request to a server, for each attempt to connect, and for each start that another
 * process of a cluster passed on, with a tracer of `@opentelemetry/api`. Returns a function that stops it.
 *
 * @param api the module `@opentelemetry/api`. With it the span of a start that was passed on is a child of the
 * request's in the other process; without it, it is in a trace of its own with a link to it.
 *
 * @throws {TypeError} for an object that is no tracer.
 * @throws {Error} in a runtime without `node:diagnostics_channel`.
 */
export function recordSpans(tracer: TracerLike, api?: TracingApi): () => void;

/**
 * Creates a `logger` that writes one line of JSON for each log line: `time`, `level`, `package`, `session`,
 * `connection` and `message`, and for a move between the processes of a cluster `why`, `from`, `to` and
 * `number`.
 *
 * @param write default: writes to the standard output.
 */
export function jsonLogger(write?: (line: string) => void): {
  error(line: string): void;
  warn(line: string): void;
  info(line: string): void;
  debug(line: string): void;
};
