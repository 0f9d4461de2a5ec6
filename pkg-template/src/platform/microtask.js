/**
 * Injected in place of the global `queueMicrotask`, which fake timers of Jest and sinon replace:
 * providers and subscriptions would wait until a test advances the time.
 * @param {() => void} task
 */
export const queueMicrotask = (task) => void Promise.resolve().then(task);
