/**
 * Release of a session: asks the cloud not to start the app again.
 *
 * @import { TpaSession } from "tpa-session"
 * @import { ReleaseReason } from "tpa-session/server"
 */
import { withTimeout } from "./with-timeout.js";

/**
 * @param {TpaSession} session connected; otherwise the message would only be queued
 * @param {ReleaseReason} reason
 * @param {number} timeout longest wait for the cloud's confirmation, ms
 */
export async function release(session, reason, timeout) {
  session.send({ type: "ownership_release", reason });
  // A cloud without confirmations may have received it nevertheless.
  const confirmed = session.flush().catch(() => {});
  await withTimeout(timeout, confirmed);
}
