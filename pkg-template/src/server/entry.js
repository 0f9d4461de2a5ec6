/**
 * Entry of a session in the registry of a server.
 *
 * @import { TpaSession } from "tpa-session"
 * @import { Answer } from "./http-error.js"
 * @import { SessionRequest } from "./request.js"
 * @import { Unheard } from "./unheard.js"
 *
 * @typedef {object} Entry
 * @property {TpaSession} session
 * @property {string} sessionId
 * @property {string} userId
 * @property {URL | undefined} url URL in the request
 * @property {number | undefined} at time of the request that started it, by the cloud's clock, ms
 * @property {number | undefined} acknowledgedAt time of the last ack, by the cloud's clock, ms
 * @property {Unheard<SessionRequest> | undefined} unheard last request, if the cloud may have closed the
 *   connection before it asked
 * @property {boolean} isPending it is one of those that have not connected yet, of which there is a largest number
 * @property {boolean} isStarted `onSession` has been called
 * @property {boolean} isEnded
 * @property {Set<() => void>} endListeners called when it ends
 * @property {string | undefined} stopReason reason in the `app_stopped` of the cloud
 * @property {Promise<Answer>} started response to the request that started it
 * @property {Promise<Answer> | undefined} reconnected response to those that wait for a connection
 * @property {unknown} handedOver what the `onStop` of the process before returned
 * @property {unknown} returned what `onStop` has returned
 */
import { HttpError, SUCCESS, failure } from "./http-error.js";

/**
 * Refuses a request in the name of another user, which a cloud never makes.
 *
 * @param {Entry | undefined} entry
 * @param {string} userId
 * @throws {HttpError}
 */
export function checkUser(entry, userId) {
  if (entry !== undefined && entry.userId !== userId) {
    throw new HttpError(409, "userId: the session belongs to another user");
  }
}

/** Part of the context of a session that was handed over. @param {Entry} entry */
export function previousOf({ handedOver }) {
  return handedOver === undefined ? undefined : { previous: handedOver };
}

/**
 * True if a request names another cloud than the session's: another host or path.
 *
 * @param {Entry} entry
 * @param {SessionRequest} request
 */
export function isElsewhere(entry, { url }) {
  return url !== undefined && entry.url !== undefined && placeOf(url) !== placeOf(entry.url);
}

/** Waits for the next connection of a session that has none. @param {Entry} entry @returns {Promise<Answer>} */
export function whenReconnected(entry) {
  const { session, endListeners } = entry;
  return new Promise((resolve) => {
    const settle = (/** @type {Answer} */ answer) => {
      entry.reconnected = undefined;
      endListeners.delete(onEnd);
      resolve(answer);
    };
    const onEnd = () => settle(failure(502, "not connected: the session has ended"));
    endListeners.add(onEnd);
    session.once("connected", () => settle(SUCCESS));
  });
}

/** Resolves with true once the cloud answers on the connection of a session, or if it never answers. @param {Entry} entry */
export function isHeard({ session }) {
  // Without an unconfirmed message `flush` would send no ping. This one may be repeated at any time.
  session.send({ type: "subscription_update", subscriptions: session.subscriptions });
  return session.flush().then(
    () => true,
    ({ code }) => code === "NOT_SUPPORTED",
  );
}

/** Host and path. A cloud serves `/tpa-ws` and `/app-ws` alike. @param {URL} url */
function placeOf({ host, pathname }) {
  return host + pathname.replace(/\/app-ws$/, "/tpa-ws");
}
