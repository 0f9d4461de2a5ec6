/**
 * The routes of the server, independent of its interface.
 *
 * @import { Answer } from "./http-error.js"
 * @import { Sink } from "./body.js"
 * @import { WebhookRequest } from "tpa-session/server"
 * @import { RequestMessage } from "tpa-session/telemetry"
 *
 * @typedef {WebhookRequest & {
 *   type?: string,
 *   trace?: string | undefined,
 *   method: string | undefined,
 *   path: string,
 *   isMounted: boolean,
 *   body: () => Promise<unknown>,
 *   receive: <T>(sink: Sink<T>, timeout: number) => Promise<T>,
 * }} Incoming `type` is set once it is known that the request starts or stops a session. `trace` is that of the span that a subscriber has started. `body` returns the text, or a value that middleware has parsed. `isMounted` is true if a router of the app has already matched a part of the path
 *
 * @typedef {object} Route
 * @property {string} name without the path, which may contain a secret
 * @property {string} method
 * @property {readonly string[]} paths
 * @property {{ pattern: RegExp, name: string }} [media] media type of the body
 * @property {boolean} [isOpen] served to everyone
 * @property {(incoming: Incoming) => Answer | Promise<Answer>} handle
 *
 * @typedef {object} Parts
 * @property {readonly [Route, ...Route[]]} routes the first one serves requests that an app's router
 *   passed on under another path
 * @property {(request: WebhookRequest) => Promise<void>} authorise rejects with an `HttpError`
 * @property {(answer: Answer, request: { method: string | undefined, path: string }) => void} refused
 *   called with each refusal; `path` is without the app's own folders
 * @property {string} packageName
 * @property {(error: unknown) => void} failed called with each unexpected error
 */
import { requestAnswered, requestReceived } from "./diagnostics.js";
import { checkMediaType } from "./guard.js";
import { HttpError, failure } from "./http-error.js";

/** Media type of JSON. */
export const JSON_MEDIA = { pattern: /^application\/(?:[\w.-]+\+)?json$/i, name: "application/json" };

/**
 * @param {Parts} parts
 * @returns {(incoming: Incoming) => Promise<Answer>} never rejects
 */
export function router({ routes, packageName, authorise, refused, failed }) {
  const withoutSecrets = mask(routes[0].paths[0]);

  /**
   * @param {Route | undefined} route
   * @param {Incoming} incoming
   */
  async function answer(route, incoming) {
    // The response must not name the right path: anyone gets it.
    if (route === undefined) throw new HttpError(404, "not found");
    const { method, handle, media, isOpen } = route;
    if (incoming.method !== method) {
      throw new HttpError(405, `method: must be ${method}, not ${incoming.method}`, { allow: method });
    }
    if (isOpen !== true) await authorise(incoming);
    if (media !== undefined) checkMediaType(incoming.header("Content-Type"), media.pattern, media.name);
    return handle(incoming);
  }

  return async (incoming) => {
    const start = performance.now();
    const route = findRoute(routes, incoming);
    /** @type {RequestMessage | undefined} */
    let message;
    const describe = () =>
      (message ??= {
        packageName,
        route: route?.name,
        type: undefined,
        status: 0,
        duration: 0,
        trace: undefined,
      });
    requestReceived.publish(describe);
    incoming.trace = message?.trace;
    const given = await answer(route, incoming).catch((error) => {
      if (!(error instanceof HttpError)) {
        failed(error);
        return failure(500, "internal error");
      }
      const path = route === undefined ? withoutSecrets(incoming.path) : `/${route.name}`;
      refused(error.answer, { method: incoming.method, path });
      return error.answer;
    });
    requestAnswered.publish(() => {
      const { type } = incoming;
      return Object.assign(describe(), { type, status: given.status, duration: performance.now() - start });
    });
    return given;
  };
}

/**
 * Returns a function that removes the folders of the app from a path: one may be a secret.
 *
 * @param {string | undefined} webhookPath
 * @returns {(path: string) => string}
 */
function mask(webhookPath = "") {
  const own = webhookPath.split("/").filter((part) => part !== "" && part !== "webhook");
  return (path) => own.reduce((masked, part) => masked.replaceAll(part, "…"), path);
}

/**
 * Paths of an endpoint, which are next to the webhook: an app may keep a secret in the folder.
 *
 * @param {string} webhookPath
 * @param {string} name
 */
export function pathsOf(webhookPath, name) {
  const folder = webhookPath.slice(0, webhookPath.lastIndexOf("/")).replace(/\/api\/_mentraos$/, "");
  return [`${folder}/${name}`, `${folder}/api/_mentraos/${name}`];
}

/**
 * Route of a request. A router of the app may have cut off the start of the path, or added to it.
 *
 * @param {Parts["routes"]} routes
 * @param {Incoming} incoming
 * @returns {Route | undefined}
 */
function findRoute(routes, { path, isMounted }) {
  const matches = isMounted
    ? (/** @type {string} */ each) => path.endsWith(each)
    : (/** @type {string} */ each) => path === each;
  return routes.find(({ paths }) => paths.some(matches)) ?? (isMounted ? routes[0] : undefined);
}
