/// <reference lib="esnext.disposable" />
import type {
  AppSetting,
  Capabilities,
  FrameEvents,
  KnownMessage,
  OtherMessage,
  OutgoingFrames,
  OutgoingMessage,
} from "./frames.js";
import type { Dashboard, Events, Layouts, SendResult, Settings, Unsubscribe } from "./parts.js";
import type { Stream, StreamData, StreamIterator } from "./streams.js";

export type * from "./frames.js";
export type * from "./parts.js";
export type * from "./streams.js";

/** Handler of an event. Exceptions do not affect the session: they go to `reportError`, the log or `error`. */
export type Handler<T> = (payload: T) => void;

/** Value of the property `state`. */
export type SessionState = "idle" | "connecting" | "handshaking" | "connected" | "waiting" | "stopped";

/** Category of a closure. The documentation has a table of them. */
export type CloseKind =
  | "ClientDisconnect"
  | "SessionEnded"
  | "AppStopped"
  | "Superseded"
  | "Rejected"
  | "Normal"
  | "Abnormal"
  | "Exhausted"
  | "Unsupported"
  | "Offline";

/** Lowest severity that is logged. */
export type LogLevel = "silent" | "error" | "warn" | "info" | "debug";

/** Destination of log lines. `logLevel` still applies. */
export interface Logger {
  error(line: string): void;
  warn(line: string): void;
  info(line: string): void;
  debug(line: string): void;
}

/** The members of `AbortSignal` that are used, for projects without its type. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason?: unknown;
  addEventListener(type: "abort", listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/** Constructor compatible with the WHATWG `WebSocket`, e.g. that of the package `ws`. */
export type WebSocketConstructor = new (url: string) => unknown;

/** Closure for which `shouldReconnect` decides. */
export interface Closure {
  code: number;
  reason: string;
  wasClean: boolean;
  kind: CloseKind;
}

export interface SessionOptions {
  /** Reverse-DNS name of the app, e.g. `org.example.captions`. */
  packageName: string;
  /** API key of the app, or a function that returns one for each attempt. */
  apiKey: string | (() => string | Promise<string>);
  /**
   * URL of the cloud (`ws:`, `wss:`, `http:` or `https:`), or a function that returns one for each
   * attempt. Default `ws://localhost:8002/tpa-ws`.
   */
  augmentOSWebsocketUrl?: string | (() => string | Promise<string>) | undefined;
  /** Alias of `augmentOSWebsocketUrl`, under the newer name of the platform. */
  mentraOSWebsocketUrl?: string | (() => string | Promise<string>) | undefined;
  /** Reconnects after a lost connection. Default `true`. */
  autoReconnect?: boolean | undefined;
  /** Attempts to reconnect before giving up: 0, 1, 2 … or `Infinity`. Default 3. */
  maxReconnectAttempts?: number | undefined;
  /** Minimum time for which attempts are made, whatever their number, ms. Default 0. */
  giveUpAfter?: number | undefined;
  /** Maximum delay before the first reconnect, ms; doubles with each attempt. Default 1000. */
  reconnectDelay?: number | undefined;
  /** Upper limit of the delay before a reconnect, ms. Default 30000. */
  maxReconnectDelay?: number | undefined;
  /** Random share of each delay, 0 to 1. Default 0.5: the delay is between half and all of its maximum. */
  jitter?: number | undefined;
  /** Timeout of an attempt, providers included, until the cloud's ack, ms; doubles after silence. Default 5000. */
  connectTimeout?: number | undefined;
  /** Duration of a connection after which the attempt counter is reset, ms. Default 5000. */
  stableAfter?: number | undefined;
  /** Interval of pings, ms; longer where the cloud does not answer them. 0 disables pings. Default 15000. */
  pingInterval?: number | undefined;
  /** Shortest timeout of a pong, where the cloud answers pings, ms. Default 5000. */
  pongTimeout?: number | undefined;
  /**
   * Called at each closure and each failed attempt. Return `true` to reconnect, `false` to end the
   * session, or `undefined` for the default of the close code. `{ delay }` reconnects after exactly
   * that many milliseconds, without jitter or upper limit; the attempt counts as any other.
   */
  shouldReconnect?: ((close: Closure) => boolean | { delay: number } | undefined) | undefined;
  /** Maximum number of queued messages. Default 1000. */
  maxQueuedMessages?: number | undefined;
  /** Maximum size of queued messages, bytes of UTF-8. Default 1048576. */
  maxQueuedBytes?: number | undefined;
  /**
   * Maximum size of a frame from the cloud, bytes. The package `ws` closes the connection at a larger
   * one; with other WebSockets it is dropped, with an `error` event for the first of a connection.
   * So is a text of more than 100,000 values, whatever the option is. Default 4194304.
   */
  maxFrameBytes?: number | undefined;
  /**
   * Guarantee for messages that are unconfirmed when the connection is lost: `"at-least-once"` sends
   * them again, so they may be received twice. Default `"at-most-once"`.
   */
  delivery?: "at-most-once" | "at-least-once" | undefined;
  /** Default `"warn"`. */
  logLevel?: LogLevel | undefined;
  /** Default: the console. */
  logger?: Logger | undefined;
  /** Default: the global `WebSocket`; in Node that of the package `ws`, else Node's own. */
  WebSocket?: WebSocketConstructor | undefined;
}

export interface ConnectingEvent {
  /** 0 for the first connection, otherwise the number of the reconnect attempt. */
  attempt: number;
}

export interface DisconnectedEvent {
  message: string;
  /** Close code; 1006 without a close frame, 4000 after the last attempt. */
  code: number;
  reason: string;
  /** `true` for 1000 and 1001. */
  wasClean: boolean;
  /** The session has ended; no events follow until `connect()` is called again. */
  permanent: boolean;
  willReconnect: boolean;
  kind: CloseKind;
}

export interface ReconnectingEvent {
  /** Number of the next attempt, from 1. One that does not count repeats the number before, or is 0. */
  attempt: number;
  maxAttempts: number;
  /** Delay before the attempt, ms. */
  delay: number;
  /** `true` if the attempt counts towards `maxAttempts`. */
  counted: boolean;
  /**
   * Closure of the previous connection or attempt. The kind is `"Offline"` while the attempt waits
   * because the environment reports that there is no network.
   */
  cause: { code: number; reason: string; kind: CloseKind };
}

export interface StateChangeEvent {
  from: SessionState;
  to: SessionState;
}

export interface SentEvent {
  /** The queued message that was written to a socket. */
  message: OutgoingMessage;
}

export interface DroppedEvent {
  /** The message passed to `send()`. */
  message: OutgoingMessage;
  /**
   * Cause. `"unconfirmed"` stands for any of the others if the message was already sent once; the
   * cloud may have received it. `"refused"`: the cloud closes the connection when it receives it.
   */
  reason: "overflow" | "expired" | "ended" | "unconfirmed" | "refused";
}

/** Entry of the timeline: plain data, for bug reports. Times are ms since the epoch. */
export type TimelineEntry = { at: number; connection: number } & (
  | ({ event: "connecting" } & ConnectingEvent)
  | ({ event: "disconnected" } & DisconnectedEvent)
  | ({ event: "reconnecting" } & ReconnectingEvent)
  | ({ event: "stateChange" } & StateChangeEvent)
  | { event: "error"; message: string; code?: string }
  | { event: "offline" | "online" | "resumed" | "shown" | "addressChanged" | "slept" }
);

/** Counters since the session was created, and current sizes. */
export interface SessionStats {
  /** Connection attempts, including the first. */
  attempts: number;
  /** Attempts that the cloud acknowledged. */
  connections: number;
  /** Messages written to a socket; a repeated one counts again. */
  sent: number;
  /** Received frames. */
  received: number;
  /** Messages reported as dropped. */
  dropped: number;
  /** Malformed frames, and errors reported by the cloud. */
  errors: number;
  pings: number;
  pongs: number;
  /** Round-trip time of the last ping, ms. */
  roundTrip?: number;
  /** Time of the last activity of the cloud, ms since the epoch. */
  lastHeard?: number;
  /** Queued messages. */
  queued: number;
  /** Size of the queued messages, bytes of UTF-8. */
  queuedBytes: number;
  /** Sent messages that may have to be sent again. */
  unconfirmed: number;
}

/** Payload of `error`. */
export interface SessionError extends Error {
  /**
   * `"MALFORMED_FRAME"`, `"UNCONFIRMABLE"`, `"UNANSWERED"`, `"SUBSCRIPTION_REFUSED"` or `"HANDLER_FAILED"`, or the code
   * that the cloud gave, if any.
   */
  readonly code?: string;
}

/** Rejection of `flush()`. */
export interface FlushError extends Error {
  code: "NOT_SUPPORTED" | "CONNECTION_LOST" | "SESSION_OVER" | "NOT_STARTED";
}

export interface SendOptions {
  /** Key for replacement: a newer message with the same key takes this one out of the queue. */
  key?: string | undefined;
  /** Maximum time in the queue, ms. */
  ttl?: number | undefined;
  /**
   * Sends the message once more after a reconnect if it has a key and the connection was lost before
   * the cloud confirmed it. Default `true`.
   */
  replay?: boolean | undefined;
}

export interface ConnectOptions {
  /** Aborting it before the first ack disconnects. */
  signal?: AbortSignalLike | null | undefined;
}

export interface DisconnectOptions {
  /** Calls `releaseOwnership()` before. Default `false`. */
  releaseOwnership?: boolean | undefined;
  reason?: ReleaseReason | undefined;
}

export interface StreamOptions {
  /** Largest number of items that wait while the loop is busy. Default 1000. */
  limit?: number | undefined;
  /** Estimated memory of the buffered items, bytes. Default 4194304. */
  maxBytes?: number | undefined;
}

/** Stream to subscribe to; `rate` is accepted for compatibility and ignored. */
export type StreamRequest<S extends string = StreamName> = S | { stream: S; rate?: string | undefined };

/** Reason of an `ownership_release`. */
export type ReleaseReason = "switching_clouds" | "clean_shutdown" | "user_logout";

/** Events of the connection. */
export interface LifecycleEvents {
  connecting: ConnectingEvent;
  connected: AppSetting[];
  disconnected: DisconnectedEvent;
  reconnecting: ReconnectingEvent;
  stateChange: StateChangeEvent;
  error: SessionError;
  sent: SentEvent;
  dropped: DroppedEvent;
}

/**
 * Events that this version does not know, by name, for declaration merging:
 *
 * ```ts
 * declare module "tpa-session" {
 *   interface CustomEvents {
 *     heart_rate: { bpm: number };
 *   }
 * }
 * ```
 */
export interface CustomEvents {}

/** Names of events: of the connection, of frames, and of streams. */
export type EventName = keyof LifecycleEvents | keyof FrameEvents | StreamName;

/** Names of streams: those that this version knows, and those of `CustomEvents`. */
export type StreamName = Stream | Extract<keyof CustomEvents, string>;

/** Payload of an event of the session, of a frame, or of a stream. */
export type EventPayload<E extends string> = E extends keyof LifecycleEvents
  ? LifecycleEvents[E]
  : E extends keyof FrameEvents
    ? FrameEvents[E]
    : E extends keyof CustomEvents
      ? CustomEvents[E]
      : StreamData<E>;

/**
 * Name of type `string`, which the compiler cannot check. A literal that is not an `EventName` is
 * refused; `name as string` or `CustomEvents` allows it.
 */
export type UncheckedName<E extends string> = string extends E ? E : never;

/** Rejection of `connect()`: the session ended before it was connected. */
export class TpaConnectionError extends Error {
  readonly name: "TpaConnectionError";
  /** Close code; `"DISPOSED"` after `dispose()`. */
  readonly code: number | "DISPOSED";
  readonly reason: string;
  readonly kind: CloseKind;
  /** Number of reconnect attempts. */
  readonly attempts: number;
  /** Reason of the signal that was aborted. */
  readonly cause?: unknown;
}

/**
 * Session of an app with the cloud, across reconnects. The class of `tpa-session/full` also has
 * camera, audio, location, LED and device state, rooms, and all names of the platform's Node SDK.
 */
export class TpaSession {
  /** @throws {TypeError} for an invalid option, with its name, its value and the allowed values. */
  constructor(options: SessionOptions);

  /**
   * Starts the session. Resolves with the settings at the first ack; rejects with a
   * `TpaConnectionError` if the session ends first. While active, a call with the same id returns
   * the same promise, and a call with another id disconnects first. Aborting `signal` before the
   * first ack disconnects.
   */
  connect(sessionId: string, options?: ConnectOptions | null): Promise<AppSetting[]>;

  /** Starts the next attempt immediately, if the session is waiting for it. */
  reconnectNow(): void;

  /** Ends the session. Allowed in any state. */
  disconnect(reason?: string): void;
  /** Ends the session, after `releaseOwnership()` if requested. */
  disconnect(how: DisconnectOptions): void;

  /**
   * Ends the session for good: `connect()` rejects with the code `DISPOSED`, `send()` returns
   * `"dropped"`, and all other methods have no effect.
   */
  dispose(): void;

  /** Asks the cloud not to restart the app after the session ends. Default `"clean_shutdown"`. */
  releaseOwnership(reason?: ReleaseReason): void;

  /**
   * Adds a handler and returns a function that removes it. Listening to a stream subscribes to it,
   * until its last handler is removed.
   *
   * @throws {TypeError} for an invalid language in the name of a stream.
   */
  on<E extends EventName>(event: E, handler: Handler<EventPayload<E>>): Unsubscribe;
  on<E extends string>(event: UncheckedName<E>, handler: Handler<any>): Unsubscribe;

  /** Like `on`, for the next event only. */
  once<E extends EventName>(event: E, handler: Handler<EventPayload<E>>): Unsubscribe;
  once<E extends string>(event: UncheckedName<E>, handler: Handler<any>): Unsubscribe;

  /** Removes a handler added by `on` or `once`. */
  off(event: EventName | (string & {}), handler: Handler<any>): void;

  /**
   * Returns an async iterator over a stream or any other event. It ends with the session. While the
   * loop is busy, up to `limit` items (default 1000) that take up to
   * `maxBytes` (default 4 MiB) are buffered; beyond that, the oldest is dropped.
   */
  stream<E extends EventName>(name: E, options?: StreamOptions): StreamIterator<EventPayload<E>>;
  stream<E extends string>(name: UncheckedName<E>, options?: StreamOptions): StreamIterator<any>;

  /**
   * Sends a message, or queues it until there is a connection. The fields of a message with a type
   * in `OutgoingFrames` are checked.
   *
   * @throws {TypeError} for an invalid message; never because of the state of the connection.
   */
  send(message: KnownMessage, options?: SendOptions): SendResult;
  send<Message extends { type: keyof OutgoingFrames | (string & {}) }>(
    message: Message & OtherMessage<Message>,
    options?: SendOptions,
  ): SendResult;

  /**
   * Resolves when the cloud has received all messages sent so far: a pong confirms the messages
   * before its ping. Rejects with a `FlushError` if the cloud does not answer pings, if a connection
   * is lost whose messages are not sent again, or if there is no session.
   */
  flush(): Promise<void>;

  /** Returns the last 256 events, oldest first, for bug reports. They never contain the API key. */
  timeline(): TimelineEntry[];

  /** Counters; a new object on each access. */
  readonly stats: SessionStats;

  readonly events: Events;
  readonly layouts: Layouts;
  readonly dashboard: Dashboard;
  readonly settings: Settings;

  /** Capabilities of the glasses; `null` until the cloud sends them. */
  readonly capabilities: Capabilities | null;

  /** Subscribes to streams. The subscriptions are restored after each reconnect. */
  subscribe(streams: StreamRequest | readonly StreamRequest[]): void;
  subscribe<S extends string>(
    streams: StreamRequest<UncheckedName<S>> | readonly StreamRequest<UncheckedName<S>>[],
  ): void;
  unsubscribe(streams: StreamRequest | readonly StreamRequest[]): void;
  unsubscribe<S extends string>(
    streams: StreamRequest<UncheckedName<S>> | readonly StreamRequest<UncheckedName<S>>[],
  ): void;

  /** Current subscriptions: by `subscribe()` and by handlers. */
  readonly subscriptions: string[];
  readonly state: SessionState;
  /** Id passed to `connect()`; `undefined` before. */
  readonly sessionId: string | undefined;
  /** Part of the session id that identifies the user. */
  readonly userId: string | undefined;
  readonly packageName: string;

  /** Calls `dispose()`, for `using`. */
  [Symbol.dispose](): void;
}
