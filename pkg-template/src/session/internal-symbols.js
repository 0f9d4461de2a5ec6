/**
 * Symbols of the methods that the package's own classes call on each other. They are registered
 * globally, since each entry point has its own copy of this module.
 */

/** Method that applies a frame to a session or to one of its parts, before any handler runs. */
export const APPLY_FRAME = Symbol.for("tpa-session.apply-frame");

/** Method that adds a handler without subscribing to the stream. */
export const LISTEN_PASSIVELY = Symbol.for("tpa-session.listen-passively");

/** Pending requests of a session of `tpa-session/full`, `undefined` if there was none yet. */
export const REQUESTS = Symbol.for("tpa-session.requests");

/** First characters of the ids of requests of a session, by which the server finds its process. */
export const REQUEST_PREFIX = Symbol.for("tpa-session.request-prefix");

/** Method by which the server says that the cloud has asked for the session again. */
export const REOPEN = Symbol.for("tpa-session.reopen");

/** Method by which the server ends a session that another process may continue. */
export const HAND_OVER = Symbol.for("tpa-session.hand-over");

/** Method that checks the names of options that the app passed to a method. */
export const CHECK_OPTIONS = Symbol.for("tpa-session.check-options");

/** Static method that instantiates a compiled wasm, for engines that compile none from bytes. */
export const INSTANTIATE = Symbol.for("tpa-session.instantiate");

/** Method that makes a text of a frame one line without the API key, `""` if it is no string. */
export const REDACT = Symbol.for("tpa-session.redact");
