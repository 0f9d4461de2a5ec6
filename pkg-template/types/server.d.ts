import type { AppSetting, CloseKind, SessionOptions, TpaSession } from "tpa-session";

/** What is needed of Node's `http.IncomingMessage`, whose type not every project has. */
export interface NodeRequest {
  method?: string | undefined;
  url?: string | undefined;
  /** Express: the URL before a router took its part off. */
  originalUrl?: string;
  /** Express: what a parser has made of the body. */
  body?: unknown;
  readonly headers: { readonly [name: string]: string | string[] | undefined };
  readonly readableDidRead?: boolean;
  readonly destroyed?: boolean;
  on(event: string, listener: (chunk?: any) => void): unknown;
}

/** What is needed of Node's `http.ServerResponse`. */
export interface NodeResponse {
  statusCode: number;
  setHeader(name: string, value: string): unknown;
  end(text: string): unknown;
}

/** The platform's own `Request` and `Response`, where the project has their types. */
export type FetchRequest = typeof globalThis extends { Request: { prototype: infer T } } ? T : any;
export type FetchResponse = typeof globalThis extends { Response: { prototype: infer T } } ? T : any;

/** A request to the webhook, as `authorize` sees it. */
export interface WebhookRequest {
  /** Path and query. */
  readonly url: string;
  /** The value of a header, under its name in any case. */
  readonly header: (name: string) => string | undefined;
  /** The server's own request: an `IncomingMessage` or a `Request`. Its body is not read yet. */
  readonly raw: unknown;
}

export interface SessionContext {
  sessionId: string;
  /** Whose glasses. */
  userId: string;
  /** The app's settings as this user has them. */
  settings: AppSetting[];
}

export interface StopContext<Session extends TpaSession = TpaSession> {
  session: Session;
  sessionId: string;
  userId: string;
  /** `"AppStopped"` for a `stop_request`, else why the session ended. */
  kind: CloseKind;
}

/** What the cloud is told of a goodbye. */
export type ReleaseReason = "clean_shutdown" | "switching_clouds" | "user_logout";

export interface TpaServerOptions<Session extends TpaSession = TpaSession> {
  /** Reverse-DNS name of the app, e.g. `org.example.captions`. */
  packageName: string;
  /** The app's key, or a function that is asked for one at every attempt to connect. */
  apiKey: SessionOptions["apiKey"];
  /**
   * Called with each session once it is connected: the place to add handlers and to subscribe.
   * May be async, and may take as long as the session. What it throws is logged and ends the
   * session; the webhook answers 500, unless it has waited for a second and answered already.
   */
  onSession: (session: Session, context: SessionContext) => unknown;
  /**
   * Called exactly once for each call of `onSession`, when its session is over, whatever ended
   * it. `reason` is the cloud's (`user_disabled`, `system_stop`, `error`), that of the closure,
   * that of `close()`, `switching_clouds`, or `onSession failed`. What it throws is logged.
   */
  onStop?: ((reason: string, context: StopContext<Session>) => unknown) | undefined;
  /** Where the webhook is. Not looked at below an Express router. Default `/webhook`. */
  webhookPath?: string;
  /**
   * Whether a request is from the cloud; all but `true` is answered with 401. The protocol has
   * nothing to tell it by: a secret in the webhook's URL is a way. Default: every request is taken.
   */
  authorize?: ((request: WebhookRequest) => boolean | Promise<boolean>) | undefined;
  /**
   * Hosts (`cloud.example.org`, `localhost:8002`) that a request may send the app to; another one
   * is answered with 403. Default: that of the URL in `session`; any, where there is none. Then
   * whoever reaches the webhook can have the key sent to a server of his own: give this or
   * `authorize`.
   */
  clouds?: readonly string[] | undefined;
  /**
   * The class of the sessions, for another one than that of `tpa-session`: that of
   * `tpa-session/full` or of `tpa-session/manual`, or one of your own that extends any.
   */
  TpaSession?: (new (options: SessionOptions) => Session) | undefined;
  /** Further options of each session. The URL is for requests that name none. */
  session?: Omit<SessionOptions, "packageName" | "apiKey">;
  /**
   * At SIGTERM and SIGINT, `close()` and then end by that signal; a process with a handler of its
   * own for it is not ended. Default `true`.
   */
  handleSignals?: boolean;
}

export interface TpaServer<Session extends TpaSession = TpaSession> {
  /** For `http.createServer()` and Express. */
  readonly node: (request: NodeRequest, response: NodeResponse) => Promise<void>;
  /** For whatever takes `(request: Request) => Promise<Response>`: Hono, Bun, Deno, workers. */
  readonly fetch: (request: FetchRequest) => Promise<FetchResponse>;
  /** The sessions that are not over, by session id; also those that connect for the first time. */
  readonly sessions: ReadonlyMap<string, Session>;
  /**
   * Tells every cloud that the app goes (`ownership_release`), so that it is not started again,
   * and disconnects. Waits for the clouds' confirmation and for `onStop`, at most `timeout` ms
   * (2000). From then on the webhook answers 503. Your HTTP server is yours to close.
   */
  readonly close: (how?: { reason?: ReleaseReason; timeout?: number }) => Promise<void>;
}

/**
 * The webhook through which a cloud starts and stops sessions, as a handler for the HTTP server
 * that you have. A function like Node's `createServer`, and not a class: its handlers are passed
 * around by themselves, which methods do not survive.
 *
 * @throws {TypeError} naming the option, its value and what is allowed.
 */
export function createTpaServer<Session extends TpaSession = TpaSession>(
  options: TpaServerOptions<Session>,
): TpaServer<Session>;
