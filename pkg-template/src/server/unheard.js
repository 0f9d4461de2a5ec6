/**
 * Closures of connections that the cloud made before its last request, and that a process hears of after it: the
 * two come by different connections. Decides, without a clock, which request is served once more.
 *
 * @import { CloseKind } from "tpa-session"
 */

/** Time in which such a closure is heard, ms. */
const HEARD = 2000;
/** Kinds of closures that a stop of the app may have. */
const STOPPED = ["AppStopped", "Normal"];

/**
 * @template {{ at?: number | undefined }} Request
 * @typedef {{ request: Request, until: number }} Unheard request that an unheard closure may have come before
 */

/**
 * A request for a session that is connected, `undefined` if it is known to be a copy of the one that started the
 * session.
 *
 * @template {{ at?: number | undefined }} Request
 * @param {number | undefined} startedAt time of the request that started the session, by the cloud's clock, ms
 * @param {Request} request
 * @param {number} now ms
 * @returns {Unheard<Request> | undefined}
 */
export function unheardBefore(startedAt, request, now) {
  const { at } = request;
  const isCopy = at !== undefined && startedAt !== undefined && at <= startedAt;
  return isCopy ? undefined : { request, until: now + HEARD };
}

/**
 * True for a request that the cloud made after it had acknowledged the connection, with which it cannot have
 * crossed. If the cloud does not hear a young connection then, it has stopped the app in between: after a loss it
 * would have waited for longer.
 *
 * @param {number | undefined} acknowledgedAt time of the ack, by the cloud's clock, ms
 * @param {{ at?: number | undefined }} request
 */
export function isSinceAck(acknowledgedAt, { at }) {
  return at !== undefined && acknowledgedAt !== undefined && at > acknowledgedAt;
}

/**
 * The request to serve once more, for a session that has ended by itself; `undefined` where the end is not that of
 * a closure before the request.
 *
 * @template {{ at?: number | undefined }} Request
 * @param {Unheard<Request> | undefined} unheard
 * @param {CloseKind} kind
 * @param {number} now ms
 * @returns {Request | undefined}
 */
export function servedAgain(unheard, kind, now) {
  if (unheard === undefined || now > unheard.until || !STOPPED.includes(kind)) return undefined;
  return unheard.request;
}
