import type { Cluster } from "tpa-session/cluster";
import type { AppSetting, CloseKind, SessionOptions, TpaSession } from "tpa-session";

/** The members of Node's `http.IncomingMessage` that are used, for projects without its type. */
export interface NodeRequest {
  method?: string | undefined;
  url?: string | undefined;
  /** Express: the URL with the mount path. */
  originalUrl?: string;
  /** Express: the parsed body. */
  body?: unknown;
  readonly headers: { readonly [name: string]: string | string[] | undefined };
  readonly readableDidRead?: boolean;
  readonly destroyed?: boolean;
  on(event: string, listener: (chunk?: any) => void): unknown;
  pause?(): unknown;
  resume?(): unknown;
}

/** The members of Node's `http.ServerResponse` that are used. */
export interface NodeResponse {
  statusCode: number;
  readonly headersSent?: boolean;
  readonly writableEnded?: boolean;
  setHeader(name: string, value: string): unknown;
  end(text: string): unknown;
}

/** `Request` and `Response` of the platform, in projects with their types. */
export type FetchRequest = typeof globalThis extends { Request: { prototype: infer T } } ? T : any;
export type FetchResponse = typeof globalThis extends { Response: { prototype: infer T } } ? T : any;

/** Request to the webhook, as passed to `authorize`. */
export interface WebhookRequest {
  /** Path and query. */
  readonly url: string;
  /** Returns the value of a header; the case of the name is ignored. */
  readonly header: (name: string) => string | undefined;
  /** Request of the server: an `IncomingMessage` or a `Request`. Its body has not been read. */
  readonly raw: unknown;
}

export interface SessionContext {
  sessionId: string;
  /** User of the glasses. */
  userId: string;
  /** Settings of the app for this user. */
  settings: AppSetting[];
  /**
   * In a cluster: the value that `onStop` returned in the process that handed this session over, as
   * JSON. Not present otherwise.
   */
  previous?: unknown;
}

/** Origin of an error that `onError` receives. */
export interface ErrorContext<Session extends TpaSession = TpaSession> {
  /** Not present for `authorize`. */
  session?: Session;
  sessionId?: string;
  userId?: string;
  /** Function that failed; `"handler"` is a handler of an event. */
  where: "onSession" | "onStop" | "onToolCall" | "authorize" | "handler" | "quarantine";
}

export interface StopContext<Session extends TpaSession = TpaSession> {
  session: Session;
  sessionId: string;
  userId: string;
  /** `"AppStopped"` for a `stop_request`, otherwise the kind of the closure. */
  kind: CloseKind;
}

/** Reply of a tool. In a cluster at most 63 KiB of JSON pass from one process to another. */
export type ToolReply = string | null | undefined | void;

/** Call of a tool, made by the cloud for a user. */
export interface ToolCall<Session extends TpaSession = TpaSession> {
  toolId: string;
  toolParameters: Record<string, unknown>;
  userId: string;
  /** Date of the call in the cloud, in ISO-8601. */
  timestamp: string | undefined;
  /** Session of this user, if there is one. */
  session: Session | undefined;
}

/** Reason of an `ownership_release`. */
export type ReleaseReason = "clean_shutdown" | "switching_clouds" | "user_logout";

export interface TpaServerOptions<Session extends TpaSession = TpaSession> {
  /** Reverse-DNS name of the app, e.g. `org.example.captions`. */
  packageName: string;
  /** API key of the app, or a function that returns one for each attempt. */
  apiKey: SessionOptions["apiKey"];
  /**
   * Called with each session once it is connected; add handlers and subscriptions here. May be async
   * and run as long as the session. An exception is logged and ends the session; the webhook then
   * responds with 500, unless it has already responded after waiting for one second.
   */
  onSession: (session: Session, context: SessionContext) => unknown;
  /**
   * Called exactly once for each call of `onSession`, when its session has ended. `reason` is that of
   * the cloud (`user_disabled`, `system_stop`, `error`), of the closure or of `close()`, or
   * `switching_clouds`, `handover`, or `onSession failed`. A session that is handed over is still
   * connected during the call. The response to a `stop_request` waits for it, at most 700 ms, and a
   * new session with the same id at most 2 s. Exceptions are logged, and a call that has not settled
   * within 30 s. In a cluster, the value that it returns or resolves with, at most 16 KiB of JSON, is
   * passed on with the session at a `handover`.
   */
  onStop?: ((reason: string, context: StopContext<Session>) => unknown) | undefined;
  /**
   * Answers a call of a tool: the text that it returns goes to the cloud. Exceptions are logged and
   * answered with 500, without their text, and a call that has not settled within 30 s with 504.
   * Default: the app has no tools, which is answered with 404.
   */
  onToolCall?: ((call: ToolCall<Session>) => ToolReply | Promise<ToolReply>) | undefined;
  /**
   * Called with what `onSession`, `onStop`, `onToolCall`, `authorize` and the handlers of a session
   * throw, and with an error where one of them has not settled in its time, in addition to the log.
   * For a handler it is the same error as that of the session's `error` event.
   */
  onError?: ((error: unknown, context: ErrorContext<Session>) => unknown) | undefined;
  /**
   * Path of the webhook, besides `api/_mentraos/webhook` in the same folder, where the other endpoints
   * are too. A router of Express may have any other. Default `/webhook`.
   */
  webhookPath?: string | undefined;
  /**
   * Authenticates a request; any result but `true` is answered with 401, and a call that has not
   * settled within 10 s with 503. The protocol does not
   * authenticate the cloud; one option is a secret in the URL of the webhook. Requests of browsers
   * never get here: those with an `Origin` or `Sec-Fetch-Site` header are answered with 403. Default:
   * every other request is accepted, with a warning at the start.
   */
  authorize?: ((request: WebhookRequest) => boolean | Promise<boolean>) | undefined;
  /**
   * Hosts (`cloud.example.org`, `localhost:8002`) that a request may name; others are answered with
   * 403. Default: this machine, and the host of the URL in `session` if that is a string. `ws:` is
   * accepted for this machine, for a host that is listed with its port, and for that of a `ws:` URL in
   * `session`; never if the latter is `wss:`.
   */
  clouds?: readonly string[] | undefined;
  /** Most sessions at once; a request for another one is answered with 429. Default 10,000. */
  maxSessions?: number | undefined;
  /** Most sessions that have not connected yet; as above. Default 100, in a cluster 1,000. */
  maxUnconnectedSessions?: number | undefined;
  /**
   * Class of the sessions. Default: that of `tpa-session`. Alternatives are those of
   * `tpa-session/full` and `tpa-session/manual`, and subclasses.
   */
  TpaSession?: (new (options: SessionOptions) => Session) | undefined;
  /** Further options of each session. The URL applies to requests without one. */
  session?: Omit<SessionOptions, "packageName" | "apiKey"> | undefined;
  /**
   * Calls `close()` on SIGTERM and SIGINT, and then ends the process by that signal, unless the
   * process has its own handler for it. `"handover"` is `close({ release: false })`, `"release"` is
   * `close({ release: true })`, and `true` means `"handover"`, the default.
   */
  handleSignals?: "handover" | "release" | boolean | undefined;
  /** Most photos that are uploaded at once; further ones are answered with 429. Default 4. */
  maxUploads?: number | undefined;
  /**
   * Cluster of `tpa-session/cluster`, for an app that runs in several processes behind one webhook.
   * Default: the requests for a session reach the process that has it.
   */
  cluster?: Cluster | undefined;
}

export interface CloseOptions {
  /**
   * Sends `ownership_release`, so that the cloud does not start the app again. Default: `true` with
   * a `reason`, else `false`.
   */
  release?: boolean | undefined;
  /** Reason of the release. Default `"clean_shutdown"`. */
  reason?: ReleaseReason | undefined;
  /** Longest wait, ms. Default 2000, in a cluster 10,000. */
  timeout?: number | undefined;
}

export interface TpaServer<Session extends TpaSession = TpaSession> {
  /** Handler for `http.createServer()` and Express. */
  readonly node: (request: NodeRequest, response: NodeResponse) => Promise<void>;
  /** Handler for servers with the fetch API: Hono, Bun, Deno, workers. */
  readonly fetch: (request: FetchRequest) => Promise<FetchResponse>;
  /** Sessions that have not ended, by session id, including those that are still connecting. */
  readonly sessions: ReadonlyMap<string, Session>;
  /**
   * Ends all sessions. Without `release` they are handed over, as for a deployment: what was sent is
   * confirmed, `onStop` is awaited, the socket is closed, and the cloud starts the app again. With
   * `release` the cloud is told not to. Waits at most `timeout` ms. The webhook responds
   * with 503 from now on. It does not close your HTTP server.
   */
  readonly close: (options?: CloseOptions) => Promise<void>;
}

/**
 * Creates the webhook through which a cloud starts and stops sessions, as a handler for your HTTP
 * server. The handlers do not depend on `this`, so they can be passed as functions.
 *
 * @throws {TypeError} for an invalid option, with its name, its value and the allowed values.
 */
export function createTpaServer<Session extends TpaSession = TpaSession>(
  options: TpaServerOptions<Session>,
): TpaServer<Session>;
