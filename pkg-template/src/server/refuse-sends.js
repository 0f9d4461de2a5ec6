/**
 * End of the messages of a session that another process continues: what the app sends from then on would be
 * lost with the connection, though `send()` had called it sent.
 *
 * @import { TpaSession } from "tpa-session"
 */

/** Takes no further message from the app. @param {TpaSession} session */
export function refuseSends(session) {
  session.send = (/** @type {unknown} */ message) => {
    /** @type {any} */ (session.events).emit("dropped", { message, reason: "ended" });
    return /** @type {const} */ ("dropped");
  };
}
