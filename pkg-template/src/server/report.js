/**
 * Errors of the app's own functions.
 *
 * @import { ErrorContext, TpaServerOptions } from "tpa-session/server"
 * @import { Log } from "./log.js"
 *
 * @typedef {(error: unknown, context: ErrorContext<any>) => void} Report
 */
import { lineLimit } from "./refusals.js";

/**
 * @param {TpaServerOptions["onError"]} onError
 * @param {Log} log
 * @returns {Report} passes an error on, and logs it unless the session has done so
 */
export function reporter(onError, log) {
  // Anyone can make a request for which `authorize` throws.
  const mayWrite = lineLimit((omitted) => log("error", `authorize failed ${omitted} more times`));
  return function report(error, context) {
    const { sessionId, where } = context;
    if (where !== "handler" && (where !== "authorize" || mayWrite()))
      log("error", `${where} failed`, { sessionId, error });
    // Deferred, so that an exception of `onError` itself is a rejection.
    Promise.resolve()
      .then(() => onError?.(error, context))
      .catch((error) => log("error", "onError failed", { sessionId, error }));
  };
}
