/// <reference lib="esnext.disposable" />
import type { AppSetting, Capabilities, FrameEvents, OutgoingMessage } from "./frames.js";
import type { Dashboard, Events, Layouts, SendResult, Settings, Unsubscribe } from "./parts.js";
import type { Stream, StreamData, StreamIterator } from "./streams.js";

export type * from "./frames.js";
export type * from "./parts.js";
export type * from "./streams.js";

/** A handler of an event. What it throws is reported as uncaught; the session goes on. */
export type Handler<T> = (payload: T) => void;

/** What the property `state` shows. */
export type SessionState = "idle" | "connecting" | "handshaking" | "connected" | "waiting" | "stopped";

/** Why a connection ended. The README has the table of what each one means. */
export type CloseKind =
  | "ClientDisconnect"
  | "SessionEnded"
  | "AppStopped"
  | "Superseded"
  | "Rejected"
  | "Normal"
  | "Abnormal"
  | "Exhausted"
  | "Unsupported";

/** Least important line that is written to the console. */
export type LogLevel = "silent" | "error" | "warn" | "info" | "debug";

/** Takes the log lines instead of the console. `logLevel` still filters them. */
export interface Logger {
  error(line: string): void;
  warn(line: string): void;
  info(line: string): void;
  debug(line: string): void;
}

/** What is needed of an `AbortSignal`, whose type not every project has. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  addEventListener(type: "abort", listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/** A constructor with the shape of the WHATWG `WebSocket`, e.g. that of the package `ws`. */
export type WebSocketConstructor = new (url: string) => unknown;

/** A closure, before it is decided what follows. */
export interface Closure {
  code: number;
  reason: string;
  wasClean: boolean;
  kind: CloseKind;
}

export interface SessionOptions {
  /** Reverse-DNS name of the app, e.g. `org.example.captions`. */
  packageName: string;
  /** The app's key, or a function that is asked for one at every attempt to connect. */
  apiKey: string | (() => string | Promise<string>);
  /**
   * Where the cloud listens: a `ws:`, `wss:`, `http:` or `https:` URL, or a function
   * that is asked for one at every attempt. Default `ws://localhost:8002/tpa-ws`.
   */
  augmentOSWebsocketUrl?: string | (() => string | Promise<string>);
  /** The same under the platform's newer name. */
  mentraOSWebsocketUrl?: string | (() => string | Promise<string>);
  /** Whether a lost connection is made again. Default `true`. */
  autoReconnect?: boolean;
  /** Attempts to reconnect before giving up: 0, 1, 2 … or `Infinity`. Default 3. */
  maxReconnectAttempts?: number;
  /** Longest wait before the first reconnect, ms; doubles with each attempt. Default 1000. */
  reconnectDelay?: number;
  /** Longest wait before any reconnect, ms. Default 30000. */
  maxReconnectDelay?: number;
  /** Share of each wait that is left to chance, 0 to 1. Default 0.5: between half and all of it. */
  jitter?: number;
  /** Time that one attempt has, from dialling to the cloud's ack, ms. Default 5000. */
  connectTimeout?: number;
  /** How long a connection must last before attempts are counted from 0 again, ms. Default 5000. */
  stableAfter?: number;
  /** Longest time without anything sent, or anything received, before a ping, ms; 0 for no pings. Default 15000. */
  pingInterval?: number;
  /** How long a pong may take, on a connection that has ponged before, ms. Default 5000. */
  pongTimeout?: number;
  /**
   * Asked at each closure, and at each failed attempt: `true` for another attempt, `false` for
   * the end, `undefined` for what the table of closures says. `{ delay }` is another attempt
   * after exactly that many milliseconds, without jitter or upper limit; it counts as others do.
   */
  shouldReconnect?: (close: Closure) => boolean | { delay: number } | undefined;
  /** Most messages that wait while there is no connection. Default 1000. */
  maxQueuedMessages?: number;
  /** Most bytes (UTF-8) that wait while there is no connection. Default 1048576. */
  maxQueuedBytes?: number;
  /**
   * What becomes of messages whose connection is lost before the cloud has confirmed them:
   * with `"at-least-once"` they are sent again, and may be received twice. Default
   * `"at-most-once"`.
   */
  delivery?: "at-most-once" | "at-least-once";
  /** Default `"warn"`. */
  logLevel?: LogLevel;
  /** Default: the console. */
  logger?: Logger;
  /** Default: the global `WebSocket`; in Node without one, that of the package `ws`. */
  WebSocket?: WebSocketConstructor;
}

export interface ConnectingEvent {
  /** 0 for a first connection, then the number of the reconnect. */
  attempt: number;
}

export interface DisconnectedEvent {
  message: string;
  /** Close code; 1006 where there was no close frame, 4000 when all attempts were used up. */
  code: number;
  reason: string;
  /** True for 1000 and 1001 only. */
  wasClean: boolean;
  /** The session is over: nothing fires until `connect()` is called again. */
  permanent: boolean;
  willReconnect: boolean;
  kind: CloseKind;
}

export interface ReconnectingEvent {
  /** Number of the coming attempt, from 1; after a sleep it does not count and has the number before it. */
  attempt: number;
  maxAttempts: number;
  /** Wait before the attempt, ms. */
  delay: number;
  /** What ended the connection, or the attempt, before. */
  cause: { code: number; reason: string; kind: CloseKind };
}

export interface StateChangeEvent {
  from: SessionState;
  to: SessionState;
}

export interface DroppedEvent {
  /** The message that will not be sent, as it was handed to `send()`. */
  message: OutgoingMessage;
  /**
   * What made it go. `"unconfirmed"` is any of the others for a message that was sent once: it
   * may have been received.
   */
  reason: "overflow" | "expired" | "ended" | "unconfirmed";
}

/** One thing that happened: plain data, for a bug report. Times are ms since the epoch. */
export type Transition = { at: number; connection: number } & (
  | ({ event: "connecting" } & ConnectingEvent)
  | ({ event: "disconnected" } & DisconnectedEvent)
  | ({ event: "reconnecting" } & ReconnectingEvent)
  | ({ event: "stateChange" } & StateChangeEvent)
  | { event: "error"; message: string; code?: string }
  | { event: "offline" | "online" | "resumed" | "slept" }
);

/** Counters since the session was made, and what is kept now. */
export interface SessionStats {
  /** Attempts to connect, the first ones included. */
  attempts: number;
  /** Attempts that the cloud acknowledged. */
  connections: number;
  /** Messages that went to a socket; one that was sent again counts again. */
  sent: number;
  /** Frames that came. */
  received: number;
  /** Messages that were reported dropped. */
  dropped: number;
  /** Malformed frames, and errors that the cloud reported. */
  errors: number;
  pings: number;
  pongs: number;
  /** From the last ping to its pong, ms. */
  roundTrip?: number;
  /** When the cloud last showed itself, ms since the epoch. */
  lastHeard?: number;
  /** Messages that wait to be sent. */
  queued: number;
  /** Their bytes (UTF-8). */
  queuedBytes: number;
  /** Messages that were sent and may have to be sent again. */
  unconfirmed: number;
}

/** Why `flush()` is rejected. */
export interface FlushError extends Error {
  code: "NOT_SUPPORTED" | "CONNECTION_LOST" | "SESSION_OVER";
}

export interface SendOptions {
  /** Makes the message state: while it waits, a newer one with the same key replaces it. */
  key?: string;
  /** How long the message may wait, ms. */
  ttl?: number;
}

/** A stream by name; of a rate the cloud is not told. */
export type StreamRequest = string | { stream: string; rate?: string };

/** Why an app leaves for good. */
export type ReleaseReason = "switching_clouds" | "clean_shutdown" | "user_logout";

/** The events of the connection itself. */
export interface LifecycleEvents {
  connecting: ConnectingEvent;
  connected: AppSetting[];
  disconnected: DisconnectedEvent;
  reconnecting: ReconnectingEvent;
  stateChange: StateChangeEvent;
  error: Error;
  dropped: DroppedEvent;
}

/**
 * What an event carries: one of the session's own, of a stream, or of a frame. Of other frames
 * it is the frame.
 */
export type EventPayload<E extends string> = E extends keyof LifecycleEvents
  ? LifecycleEvents[E]
  : E extends keyof FrameEvents
    ? FrameEvents[E]
    : StreamData<E>;

/** Names of events; any other string is the type of a frame. */
export type EventName = keyof LifecycleEvents | keyof FrameEvents | Stream | (string & {});

/** The session is over before it was connected. */
export class TpaConnectionError extends Error {
  readonly name: "TpaConnectionError";
  readonly code: number;
  readonly reason: string;
  readonly kind: CloseKind;
  /** Attempts to reconnect that were made. */
  readonly attempts: number;
}

/**
 * One app's session with the cloud, over as many sockets as it takes. The one of
 * `tpa-session/full` also has the glasses' camera, speaker, location, LED and state, rooms, and
 * all names of the platform's Node SDK.
 */
export class TpaSession {
  /** @throws {TypeError} naming the option, its value and what is allowed. */
  constructor(options: SessionOptions);

  /**
   * Starts the session. Resolves with the settings at the first ack; rejects once, with a
   * `TpaConnectionError`, when the session is over first. Asked again with the same id while
   * active it gives the same promise; with another id it disconnects first. When `signal` is
   * aborted before the first ack, it disconnects.
   */
  connect(sessionId: string, options?: { signal?: AbortSignalLike }): Promise<AppSetting[]>;

  /** Makes the next attempt now, where one is waited for. */
  reconnectNow(): void;

  /** Ends the session. Not an error in any state. */
  disconnect(reason?: string): void;
  /** The same, after the cloud was told not to start the app again. */
  disconnect(how: { releaseOwnership?: boolean; reason?: ReleaseReason }): void;

  /** Tells the cloud not to start the app again when it leaves. Default `"clean_shutdown"`. */
  releaseOwnership(reason?: ReleaseReason): void;

  /**
   * Calls `handler` at every `event`; returns its undo. Who listens to a stream subscribes to it,
   * until the last handler is gone.
   * @throws {TypeError} for a language that is none.
   */
  on<E extends EventName>(event: E, handler: Handler<EventPayload<E>>): Unsubscribe;

  /** As `on`, for the next event only. */
  once<E extends EventName>(event: E, handler: Handler<EventPayload<E>>): Unsubscribe;

  /** Removes a handler that `on` or `once` added. */
  off(event: EventName, handler: Handler<any>): void;

  /**
   * A stream, or any other event, as an async iterator. It ends with the session. While the loop
   * is busy what comes waits: at most `limit` (default 1000), of which the oldest gives way.
   */
  stream<E extends EventName>(name: E, options?: { limit?: number }): StreamIterator<EventPayload<E>>;

  /**
   * Sends a message now, or keeps it until there is a connection.
   * @throws {TypeError} for what is not a message; never for the state of the connection.
   */
  send(message: OutgoingMessage, options?: SendOptions): SendResult;

  /**
   * Resolves when the cloud has received all that `send()` was given so far: a pong confirms
   * what was sent before its ping. Rejects with a `FlushError` when the cloud answers no pings,
   * when a connection is lost whose messages are not sent again, and when there is no session.
   */
  flush(): Promise<void>;

  /** The last 256 transitions, oldest first, for a bug report. The key is in none of them. */
  timeline(): Transition[];

  /** Counters; an object of its own at each call. */
  readonly stats: SessionStats;

  readonly events: Events;
  readonly layouts: Layouts;
  readonly dashboard: Dashboard;
  readonly settings: Settings;

  /** What the glasses can do, as far as the cloud has told. */
  readonly capabilities: Capabilities | null;

  /** Asks the cloud for streams. The list is told anew after every reconnect. */
  subscribe(streams: StreamRequest | StreamRequest[]): void;
  unsubscribe(streams: StreamRequest | StreamRequest[]): void;

  /** The streams asked for, and those that handlers listen to. */
  readonly subscriptions: string[];
  readonly state: SessionState;
  /** The id given to `connect()`, `undefined` before. */
  readonly sessionId: string | undefined;
  /** The part of the session's id that names the user. */
  readonly userId: string | undefined;
  readonly packageName: string;

  /** `disconnect()`, for `using`. */
  [Symbol.dispose](): void;
}
