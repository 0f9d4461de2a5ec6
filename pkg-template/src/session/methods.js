/** The methods of a session in the wasm, by the numbers that `src/web/session.rs` knows. */
export const CONNECT = 0;
export const DISCONNECT = 1;
export const SEND = 2;
export const FLUSH = 3;
export const SUBSCRIBE = 4;
export const UNSUBSCRIBE = 5;
export const FOLLOW = 6;
export const SUBSCRIPTIONS = 7;
export const RECONNECT_NOW = 8;
export const STATE = 9;
export const SESSION_ID = 10;
export const STATS = 11;
export const TIMELINE = 12;
/**
 * Gives the handlers. Who takes them must keep them for as long as it has the session; a session
 * whose handlers were never taken keeps them itself, and is never collected where they refer to
 * it.
 */
export const TAKE_HANDLERS = 13;
