/**
 * Tells the cloud that an app goes and need not be started again.
 *
 * @import { TpaSession } from "tpa-session"
 * @import { ReleaseReason } from "tpa-session/server"
 */
import { withTimeout } from "./with-timeout.js";

/**
 * @param {TpaSession} session that is connected: otherwise the message would never go
 * @param {ReleaseReason} reason
 * @param {number} timeout longest wait for the cloud's word that it knows, ms
 */
export async function release(session, reason, timeout) {
  session.send({ type: "ownership_release", reason });
  // A cloud that confirms nothing may have heard it all the same.
  const confirmed = session.flush().catch(() => {});
  await withTimeout(timeout, confirmed);
}
