/**
 * Changes of the network and of the page's visibility. Node has no events for them.
 *
 * @typedef {import("./connection.js").EventSink} EventSink
 */

/**
 * Reports whether there is a network now, and each change until the returned function is called.
 * @param {EventSink} sink
 * @returns {() => void}
 */
export function watchEnvironment(sink) {
  const scope = globalThis;
  if (typeof scope.addEventListener !== "function") return () => {};
  const page = scope.document;
  const offline = () => sink.offline();
  const online = () => sink.online();
  const resumed = () => sink.resumed();
  const visibilityChanged = () => {
    if (page.visibilityState === "visible") resumed();
  };
  /** @type {[EventTarget | undefined, string, () => void][]} */
  const listeners = [
    [scope, "offline", offline],
    [scope, "online", online],
    [scope, "pageshow", resumed],
    [page, "resume", resumed],
    [page, "visibilitychange", visibilityChanged],
  ];
  for (const [target, event, listener] of listeners) target?.addEventListener(event, listener);
  if (scope.navigator?.onLine === false) offline();
  else online();
  return () => {
    for (const [target, event, listener] of listeners) target?.removeEventListener(event, listener);
  };
}
