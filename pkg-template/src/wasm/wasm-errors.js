/** Errors for a wasm that does not start, with the remedy in the message. */

/**
 * @param {any} error thrown when the wasm was compiled or instantiated
 * @returns {Error}
 */
export function startError(error) {
  let why = `the wasm does not start: ${error.message}`;
  if (typeof WebAssembly === "undefined") {
    why = "this engine has no WebAssembly (React Native's Hermes has none); run the session elsewhere";
  } else if (/unsafe-eval|CSP|Content.Security.Policy/i.test(error.message)) {
    why = "the page's Content-Security-Policy forbids WebAssembly; allow it by script-src 'wasm-unsafe-eval'";
  }
  return new Error(`tpa-session: ${why}`, { cause: error });
}
