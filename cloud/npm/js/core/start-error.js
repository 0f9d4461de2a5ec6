/** Errors for a wasm that does not start, with the fix in the message. */

/**
 * The error for what was thrown when the wasm was compiled or instantiated.
 *
 * @param {unknown} thrown
 */
export function startError(thrown) {
  const cause = /** @type {Error} */ (thrown);
  let message = `the wasm does not start: ${cause.message}`;
  if (typeof WebAssembly === "undefined") message = "this engine has no WebAssembly";
  else if (/unsafe-eval|CSP|Content.Security.Policy/i.test(cause.message)) {
    message =
      "the page's Content-Security-Policy forbids WebAssembly; allow it by script-src 'wasm-unsafe-eval'";
  }
  return new Error(`tpa-cloud: ${message}`, { cause });
}
