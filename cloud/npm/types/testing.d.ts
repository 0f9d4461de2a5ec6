import type { CloudOptions, ControlResponse, Scenario } from "./index.js";

export type { CloudOptions, ControlResponse, Scenario, ScenarioStep } from "./index.js";

/** Selects connections; without one of these fields all are meant. Give at most one. */
export interface Target {
  /** App, for all users. */
  packageName?: string | undefined;
  /** App of one user. */
  sessionId?: string | undefined;
  /** One connection, such as `c17`. */
  connectionId?: string | undefined;
}

export interface FaultOptions extends Target {
  /** Time in ms in which the fault also affects new connections. */
  forMs?: number | undefined;
  /** Share of the target's connections that is affected, from 0 to 1. Default 1. */
  share?: number | undefined;
}

/** Options of faults that can affect one direction. */
export interface DirectedFaultOptions extends FaultOptions {
  /** `up` is from the app to the cloud. */
  direction?: "up" | "down" | "both" | undefined;
}

export interface RestartOptions extends FaultOptions {
  /** Code of a close frame; without it the connections are reset. */
  code?: number | undefined;
  reason?: string | undefined;
}

/** Code of the error frame of a refused handshake. */
export type ConnectionErrorCode =
  | "INVALID_API_KEY"
  | "INVALID_JWT"
  | "JWT_SIGNATURE_FAILED"
  | "PACKAGE_NOT_FOUND"
  | "SESSION_NOT_FOUND"
  | "MALFORMED_MESSAGE"
  | "INTERNAL_ERROR";

export type BuiltInScenario =
  "laptop-sleep" | "train-tunnel" | "deploy-restart" | "flapping-wifi" | "stale-nat" | "wrong-key";

/** The connection and the time of a record. */
export interface Origin {
  sessionId: string | undefined;
  packageName: string | undefined;
  userId: string | undefined;
  connectionId: string | undefined;
  /** ISO-8601 date. */
  at: string;
}

export interface Display extends Origin {
  view: "main" | "dashboard" | "always_on";
  layout: { layoutType: string; [field: string]: any };
  durationMs: number | undefined;
}

export interface Closure extends Origin {
  /** 1006 without a close frame. */
  code: number;
  reason: string;
  /** `peer` is the app, or the network. */
  by: "cloud" | "peer";
}

/** An event as in `GET /events` of the server. */
export interface CloudEvent {
  type: string;
  at: string;
  [field: string]: any;
}

export interface AppFrame {
  type: string;
  [field: string]: any;
}

export interface Connection {
  connectionId: string;
  packageName: string;
  sessionId: string;
  [field: string]: any;
}

/** A user session as in `GET /sessions` of the server. */
export interface UserSession {
  userSessionId: string;
  connections: Connection[];
  /** Streams by package name. */
  subscriptions: Record<string, string[]>;
  [field: string]: any;
}

/** The short forms of frames. */
export interface FrameShortForms {
  settings?: Record<string, unknown> | readonly unknown[] | undefined;
  systemSettings?: Record<string, unknown> | undefined;
  dashboardMode?: "main" | "expanded" | "none" | undefined;
  dashboardAlwaysOn?: boolean | undefined;
  capabilities?: Record<string, unknown> | undefined;
  modelName?: string | undefined;
  permissionError?: string[] | undefined;
  customMessage?: { action: string; payload?: unknown };
}

/**
 * Faults and frames for the apps of a target, and records of what these have done. A method that
 * affects connections returns the ids of those that it affects at once. Wrong arguments throw a
 * `TypeError` that names the field, its value and what is allowed.
 */
export interface TestCloudView {
  /** Restricts actions and records; a string is a session id. */
  of(target: Target | string): TestCloudView;
  /** Resets connections, without a close frame. */
  cut(options?: FaultOptions): string[];
  /** Closes connections with a close frame. Default: 1000, without a reason. */
  close(code?: number, reason?: string, options?: FaultOptions): string[];
  /** Keeps connections open, but reads and writes nothing. */
  freeze(options?: DirectedFaultOptions): string[];
  /** Resets the next connection, or all within `forMs`. */
  refuse(options?: FaultOptions): string[];
  /** Refuses the next handshake, or all within `forMs`. Default `INVALID_API_KEY`. */
  reject(error?: ConnectionErrorCode, options?: FaultOptions): string[];
  /** Delays frames, in order. Default direction `down`. */
  delay(delayMs: number, options?: DirectedFaultOptions): string[];
  /** Limits the bytes a second in each direction. */
  slow(bytesPerSecond: number, options?: DirectedFaultOptions): string[];
  /** Leaves the next handshake unanswered, or all within `forMs`. */
  dropAcks(options?: FaultOptions): string[];
  /** Sends frames that no client can read. */
  malformed(options?: FaultOptions): string[];
  /** Resets connections, and each new one `delayMs` after its acknowledgement. Default 1000, for 10 s. */
  flap(delayMs?: number, options?: FaultOptions): string[];
  /** Answers the next photo request with an error, or all within `forMs`. */
  failPhotos(options?: FaultOptions): string[];
  /** Restarts the cloud, which refuses connections for `forMs`. Default 3 s. */
  restart(options?: RestartOptions): string[];
  /** Ends all faults, whatever the target. */
  clearFaults(): void;
  /** Plays a scenario, by name or given as an object. */
  scenario(
    scenario: BuiltInScenario | (string & {}) | (Scenario & { name?: string }),
    target?: Target,
  ): { name: string; durationMs?: number };
  /** Plays the endless random faults of a seed, which the server plays too. */
  seed(seed: number, target?: Target): { name: string };
  /** Stops scenarios and seeds, and ends the faults. */
  stop(): void;
  /** Sends data of a stream to its subscribers. */
  say(stream: string, data?: unknown, target?: Target): string[];
  /** Sends a frame with a `type`, or the short form of one. */
  send(frame: { type: string; [field: string]: unknown } | FrameShortForms, target?: Target): string[];
  /** Changes settings: values by key, or a complete list. */
  settings(settings: Record<string, unknown> | readonly unknown[], target?: Target): string[];
  /** Stops apps: `app_stopped`, close 1000, `stop_request` to the webhook. */
  stopApp(options?: Target & { reason?: "user_disabled" | "system_stop" | "error" }): string[];
  /** User sessions with their connections, subscriptions and displays. */
  readonly sessions: UserSession[];
  readonly connections: Connection[];
  /** Streams to which apps are subscribed now, sorted. */
  readonly subscriptions: string[];
  /** Everything that apps have shown, the newest last. */
  readonly displays: Display[];
  /** Frames that have reached the cloud, the newest last; the first one of a connection is left out. */
  frames(type?: string): AppFrame[];
  /** Connections that have ended, the newest last. */
  readonly closures: Closure[];
  /** All events, the newest last. */
  readonly events: CloudEvent[];
}

/**
 * Options of a {@link TestCloud}: those of the cloud, and the latency. The scripted streams of the
 * cloud play only where `streamInterval` or `audioInterval` is given.
 */
export interface TestCloudOptions extends CloudOptions {
  /** Time in ms that a frame takes, in each direction. Default 0, which is never synchronous. */
  latency?: number | undefined;
}

export interface StartedApp {
  packageName: string;
  userId: string;
  /**
   * Called instead of a URL: `fetch` or `node` of `createTpaServer`, or any handler for the fetch API
   * or for `http.createServer()`.
   */
  handler?: (...request: any[]) => unknown | undefined;
  /** URL of a webhook that listens on this machine. */
  url?: string | undefined;
  /** Path of the handler's webhook. Default `/webhook`. */
  path?: string | undefined;
}

export interface TestToolCall {
  packageName: string;
  userId: string;
  toolId: string;
  toolParameters?: Record<string, unknown> | undefined;
}

/** A WebSocket as the WHATWG specifies, connected to a {@link TestCloud}. */
export interface TestWebSocket {
  readonly url: string;
  readonly readyState: number;
  readonly bufferedAmount: number;
  readonly protocol: string;
  readonly extensions: string;
  binaryType: "blob" | "arraybuffer";
  onopen: ((event: any) => unknown) | null;
  onmessage: ((event: any) => unknown) | null;
  onerror: ((event: any) => unknown) | null;
  onclose: ((event: any) => unknown) | null;
  addEventListener(type: string, listener: (event: any) => unknown, options?: any): void;
  removeEventListener(type: string, listener: (event: any) => unknown, options?: any): void;
  send(data: string | Blob | ArrayBuffer | ArrayBufferView): void;
  close(code?: number, reason?: string): void;
}

/** What {@link TestCloud.until} waits for. */
export type Condition<T> =
  (() => T) | "connected" | "disconnected" | (string & {}) | { type: string; [field: string]: unknown };

/**
 * A cloud in this process, without a network. It uses the global timers and clocks as they are when
 * it needs them, so that fake timers drive it.
 */
export interface TestCloud extends TestCloudView {
  /** Class for the option `WebSocket` of a session. */
  readonly WebSocket: new (url: string | URL, protocols?: string | string[]) => TestWebSocket;
  /** URL for a session. Any URL that ends with `/tpa-ws` or `/app-ws` reaches this cloud. */
  readonly url: string;
  /**
   * Starts an app for a user and returns its session id. Its webhook is called at once; without a
   * handler and a URL the app has none.
   */
  startApp(app: StartedApp): string;
  /** Calls a tool of an app that was started with a webhook; resolves with its response. */
  callTool(call: TestToolCall): Promise<{ status: number; body: any }>;
  /**
   * Waits for a condition: a function that returns something truthy and no promise, `"connected"` or
   * `"disconnected"` (some app, no app), or the next event or frame with this type or these fields. An
   * event that a call just before has caused is the next one.
   * Rejects after `timeout` ms (default 5000) with a list of what the cloud has seen.
   */
  until<T>(condition: () => T, options?: { timeout?: number }): Promise<T>;
  until(condition: Condition<unknown>, options?: { timeout?: number }): Promise<any>;
  /** Calls a function with every event from now on. Returns a function that ends this. */
  observe(observer: (event: CloudEvent) => void): () => void;
  /** Handles a request of the server's control interface; undefined if there is no such path. */
  control(method: string, path: string, body?: unknown): Promise<ControlResponse | undefined>;
  /** Closes every connection as at the end of the server, and accepts no new ones. */
  shutDown(): void;
  /** Ends the cloud: its connections are lost, its timers stopped, its `until()` rejected. */
  dispose(): void;
  [Symbol.dispose](): void;
}

export const TestCloud: {
  new (options?: TestCloudOptions): TestCloud;
  readonly prototype: TestCloud;
};
