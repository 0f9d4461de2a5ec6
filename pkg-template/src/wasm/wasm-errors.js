/** Errors for a wasm that does not start, with the fix in the message. */

/**
 * @param {any} error thrown when the wasm was compiled or instantiated
 * @returns {Error}
 */
export function startError(error) {
  let message = `the wasm does not start: ${error.message}`;
  if (typeof WebAssembly === "undefined") {
    message =
      "this engine has no WebAssembly (Lockdown Mode, React Native's Hermes); import tpa-session/js instead";
  } else if (/unsafe-eval|CSP|Content.Security.Policy/i.test(error.message)) {
    message =
      "the page's Content-Security-Policy forbids WebAssembly; allow it by script-src 'wasm-unsafe-eval'";
  }
  return new Error(`tpa-session: ${message}`, { cause: error });
}
