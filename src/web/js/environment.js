/** What a page or a worker can tell of its network and of its own sleep. Node tells nothing. */

/** As in told.rs. */
const OFFLINE = 9;
const ONLINE = 10;
const AWAKE = 11;

/**
 * @param {(sign: number, _: 0) => void} tell
 * @returns {() => void} its end
 */
export function watchEnvironment(tell) {
  const scope = globalThis;
  if (typeof scope.addEventListener !== "function") return () => {};
  const page = scope.document;
  const offline = () => tell(OFFLINE, 0);
  const online = () => tell(ONLINE, 0);
  const awake = () => tell(AWAKE, 0);
  const visible = () => {
    if (page.visibilityState === "visible") awake();
  };
  /** @type {[EventTarget | undefined, string, () => void][]} */
  const listeners = [
    [scope, "offline", offline],
    [scope, "online", online],
    [scope, "pageshow", awake],
    [page, "resume", awake],
    [page, "visibilitychange", visible],
  ];
  for (const [target, event, listener] of listeners) target?.addEventListener(event, listener);
  if (scope.navigator?.onLine === false) offline();
  else online();
  return () => {
    for (const [target, event, listener] of listeners) target?.removeEventListener(event, listener);
  };
}
