/**
 * Subscriptions to the channels of the servers in this process.
 *
 * @import { ClusterAskMessage, ClusterCommandMessage, ClusterEventMessage, ClusterMemberMessage, ClusterReplyMessage, RequestMessage, SessionMessage } from "tpa-session/telemetry"
 *
 * @typedef {object} Listeners
 * @property {(message: SessionMessage) => void} [created]
 * @property {(message: SessionMessage) => void} [ended]
 * @property {(message: RequestMessage) => void} [received]
 * @property {(message: RequestMessage) => void} [answered]
 * @property {(message: ClusterMemberMessage) => void} [joined]
 * @property {(message: ClusterMemberMessage) => void} [left]
 * @property {(message: ClusterEventMessage) => void} [event]
 * @property {(message: ClusterCommandMessage) => void} [command]
 * @property {(message: ClusterAskMessage) => void} [asked]
 * @property {(message: ClusterReplyMessage) => void} [replied]
 */

/** Channel of each listener. @type {Readonly<Record<keyof Listeners, string>>} */
const CHANNELS = {
  created: "tpa-session:session:created",
  ended: "tpa-session:session:ended",
  received: "tpa-session:request:received",
  answered: "tpa-session:request:answered",
  joined: "tpa-session:cluster:joined",
  left: "tpa-session:cluster:left",
  event: "tpa-session:cluster:event",
  command: "tpa-session:cluster:command",
  asked: "tpa-session:cluster:asked",
  replied: "tpa-session:cluster:replied",
};

/**
 * @param {Listeners} listeners
 * @returns {() => void} ends the subscriptions
 * @throws {Error} in a runtime without `node:diagnostics_channel`
 */
export function subscribe(listeners) {
  const diagnostics = globalThis.process?.getBuiltinModule?.("diagnostics_channel");
  if (diagnostics === undefined) {
    throw new Error("node:diagnostics_channel is missing in this runtime; it is in Node 20.16 and newer");
  }
  const given = /** @type {[keyof Listeners, (message: any) => void][]} */ (Object.entries(listeners));
  const subscriptions = given.map(([kind, listener]) => {
    const name = CHANNELS[kind];
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
