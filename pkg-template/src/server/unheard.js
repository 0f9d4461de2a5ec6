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
