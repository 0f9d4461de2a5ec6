/** The cloud as a state machine without I/O, for shells of your own. */

/** Options, those of the command line in camel case. A time is a number of milliseconds or text such as `"15s"`. */
export interface CloudOptions {
  /** API key that apps must present; `"any"` accepts every key. Default `"dev-key"`. */
  apiKey?: string | undefined;
  /** Interval of protocol-level pings. Default 15 s. */
  pingInterval?: number | string | undefined;
  /** Silence after which a connection is closed. Default 45 s. */
  staleAfter?: number | string | undefined;
  /** Time for a lost app to reconnect before it is restarted. Default 5 s. */
  restartAppAfter?: number | string | undefined;
  /** Form of a restart. Default `"stop-start"`. */
  restart?: "stop-start" | "start" | undefined;
  /** Time for a started app to be acknowledged. Default 5 s. */
  startTimeout?: number | string | undefined;
  /** Treatment of an app's older connection. Default `"close"`. */
  oldConnection?: "close" | "deaf" | "detach" | undefined;
  /** Answers `ping` frames. Default true. */
  pong?: boolean | undefined;
  /** Refuses user sessions other than `userSessions`. Default false. */
  strictSessions?: boolean | undefined;
  /** User sessions that exist from the start. */
  userSessions?: string[] | undefined;
  /** URL of the cloud for started apps. Default `"ws://localhost:8002"`. */
  publicUrl?: string | undefined;
  /** Interval of the scripted streams. Default 1 s. */
  streamInterval?: number | string | undefined;
  /** Interval of audio chunks. Default 100 ms. */
  audioInterval?: number | string | undefined;
  /** Limit of received frames, in bytes. Default 1 MiB. */
  maxFrame?: number | undefined;
  /** Limit of open sockets. Default 16,384. */
  maxConnections?: number | undefined;
  /** Limit of the send buffer of a connection, in bytes. Default 4 MiB. */
  maxSendBuffer?: number | undefined;
  /** Time for the first frame of a socket. Default 10 s. */
  handshakeTimeout?: number | string | undefined;
  /** Time for a close handshake. Default 2 s. */
  closeTimeout?: number | string | undefined;
  /** Code of the close frames at a shutdown. Default 1012. */
  shutdownCode?: 1012 | 1001 | undefined;
  /** Scenarios that can be played by name, in addition to the built-in ones. */
  scenarios?: NamedScenario[] | undefined;
}

/** A step of a scenario: a request of the control interface at a time. */
export interface ScenarioStep {
  /** Time since the start, in milliseconds or as text such as `"1m 30s"`. */
  at: number | string;
  [field: string]: unknown;
}

export interface Scenario {
  description?: string | undefined;
  /** The steps, in any order. */
  steps: ScenarioStep[];
}

export interface NamedScenario extends Scenario {
  /** Name by which it is played. */
  name: string;
}

export interface AppRequest {
  /** Number for {@link Cloud.answer} and {@link Cloud.fail}. */
  call: number;
  url: string;
  contentType: string;
  body: Uint8Array<ArrayBuffer>;
  /** `session_request`, `stop_request`, `photo_upload`, `settings` or `tool_call`. */
  request: string;
  packageName: string;
  /** Time for the response, in milliseconds. */
  timeoutMs: number;
  /** Error for {@link Cloud.fail} when there was no response in time. */
  timeoutError: string;
}

export type Output =
  | { type: "text"; to: number; text: string }
  | { type: "binary"; to: number; bytes: Uint8Array<ArrayBuffer> }
  | { type: "ping"; to: number }
  | { type: "close"; to: number; code: number; reason: string }
  | { type: "cut"; to: number }
  | { type: "freeze"; to: number; frozen: boolean }
  | ({ type: "webhook" | "appCall" } & AppRequest)
  | { type: "event"; json: string; readonly event: Record<string, any> };

export interface ControlResponse {
  status: number;
  contentType: string | null;
  /** Value of the header `Allow`, for status 405. */
  allow: string | null;
  body: string;
}

/** The cloud. Every time is in milliseconds of one monotonic clock. */
export class Cloud {
  /** Throws a `TypeError` that names a wrong option. */
  constructor(options: CloudOptions | undefined, unixMs: number, now: number);
  /** Opens a socket: its id, or why it is not accepted. */
  open(peer: string, dialect: "augmentos" | "mentraos", now: number): number | "reset" | "full";
  text(id: number, text: string, now: number): void;
  binary(id: number, bytes: Uint8Array, now: number): void;
  /** Handles a protocol-level ping, which the shell has answered. */
  ping(id: number, now: number): void;
  /** Handles a protocol-level pong. */
  pong(id: number, now: number): void;
  /** Handles the peer's close frame; 1005 if it has no code. */
  closed(id: number, code: number, reason: string, now: number): void;
  /** Reports the beginning of a frame that is too long to be read. */
  tooBig(id: number, now: number): void;
  /** Reports that the send buffer is full. */
  congested(id: number, now: number): void;
  /** Reports that the receive buffer is too large. */
  overrun(id: number, now: number): void;
  /** Reports that the socket is closed: the last call about it. */
  gone(id: number, now: number): void;
  /** Handles the timers that have expired. */
  timeout(now: number): void;
  /** Returns the time at which the next timer expires. */
  nextTimeout(): number | undefined;
  /** Returns the next output. Call it until it returns undefined. */
  poll(): Output | undefined;
  readonly socketCount: number;
  /** Handles a request of the control interface; undefined if there is no such path. */
  control(
    request: {
      method: string;
      path: string;
      query?: string | undefined;
      body?: string | Uint8Array | undefined;
    },
    now: number,
  ): ControlResponse | ({ type: "toolCall" } & AppRequest) | undefined;
  /** Reports an app's response. Returns the response to a tool call. */
  answer(call: number, status: number, body: string | Uint8Array, now: number): ControlResponse | undefined;
  /** Reports a call without a response. Returns the response to a tool call. */
  fail(call: number, error: string, now: number): ControlResponse | undefined;
  /** Closes every connection and accepts no new ones. */
  shutDown(now: number): void;
  /** Frees the memory. The cloud cannot be used afterwards. */
  free(): void;
}

/** Reads a scenario file in TOML; only in Node. Throws a `TypeError` that names the step and the field. */
export function readToml(name: string, text: string): NamedScenario;
