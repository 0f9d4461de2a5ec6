/**
 * Subscriptions to the channels of the servers in this process.
 *
 * @import { RequestMessage, SessionMessage } from "tpa-session/telemetry"
 *
 * @typedef {object} Listeners
 * @property {(message: SessionMessage) => void} created
 * @property {(message: SessionMessage) => void} ended
 * @property {(message: RequestMessage) => void} answered
 */

/**
 * @param {Listeners} listeners
 * @returns {() => void} ends the subscriptions
 * @throws {Error} in a runtime without `node:diagnostics_channel`
 */
export function subscribe({ created, ended, answered }) {
  const diagnostics = globalThis.process?.getBuiltinModule?.("diagnostics_channel");
  if (diagnostics === undefined) {
    throw new Error("node:diagnostics_channel is missing in this runtime; it is in Node 20.16 and newer");
  }
  const channels = /** @type {[string, (message: any) => void][]} */ ([
    ["tpa-session:session:created", created],
    ["tpa-session:session:ended", ended],
    ["tpa-session:request:answered", answered],
  ]);
  const subscriptions = channels.map(([name, listener]) => {
    // An exception of a subscriber would end the process.
    const safe = (/** @type {unknown} */ message) => guard(() => listener(message));
    diagnostics.subscribe(name, safe);
    return () => diagnostics.unsubscribe(name, safe);
  });
  return () => subscriptions.forEach((unsubscribe) => unsubscribe());
}

/** Calls a function whose exceptions concern nobody: what it records is lost. @param {() => void} record */
export function guard(record) {
  try {
    record();
  } catch {
    // A meter that throws must not disturb the sessions.
  }
}
