/**
 * Validation of the requests of a cloud, which are untrusted input.
 *
 * @typedef {object} SessionRequest
 * @property {"session_request"} type
 * @property {string} sessionId
 * @property {string} userId
 * @property {URL | undefined} url that the session is to connect to
 * @property {number | undefined} at time of the request by the cloud's clock, ms
 * @property {string | undefined} [trace] `traceparent` of its span, if there is one
 *
 * @typedef {object} StopRequest
 * @property {"stop_request"} type
 * @property {string} sessionId
 * @property {string | undefined} userId
 * @property {string} reason
 * @property {number | undefined} at time of the request by the cloud's clock, ms
 */
import { mustBe } from "../../../src/web/js/platform.js";
import { HttpError } from "./http-error.js";
import { isObject } from "./options.js";

/** Fields with the URL, the preferred one first. */
const URL_FIELDS = ["websocketUrl", "mentraOSWebsocketUrl", "augmentOSWebsocketUrl"];

/** Most characters of an id or a reason, and of a URL, which a session keeps and log lines repeat. */
const MAX_TEXT = 1000;
const MAX_URL = 8000;

/**
 * @param {unknown} body JSON, or a value that middleware has parsed
 * @returns {SessionRequest | StopRequest}
 * @throws {HttpError}
 */
export function readRequest(body) {
  const fields = parse(body);
  const { type } = fields;
  if (type === "session_request") {
    return {
      type,
      sessionId: id(fields),
      userId: text(fields, "userId"),
      url: url(fields),
      at: time(fields),
    };
  }
  if (type === "stop_request") {
    const sessionId = id(fields);
    const reason = fields.reason === undefined ? type : text(fields, "reason");
    const userId = fields.userId === undefined ? undefined : text(fields, "userId");
    return { type, sessionId, userId, reason, at: time(fields) };
  }
  return refuse("type", '"session_request" or "stop_request"', type);
}

/**
 * @param {unknown} body
 * @returns {Record<string, unknown>}
 * @throws {HttpError}
 */
export function parse(body) {
  let value = body;
  if (typeof body === "string") {
    try {
      value = JSON.parse(body);
    } catch {
      throw new HttpError(400, "the body is not JSON");
    }
  }
  if (!isObject(value) || Array.isArray(value)) throw new HttpError(400, "the body is not a JSON object");
  return /** @type {Record<string, unknown>} */ (value);
}

/**
 * @param {Record<string, unknown>} fields
 * @param {string} field
 * @throws {HttpError}
 */
export function text(fields, field) {
  const value = fields[field];
  if (typeof value !== "string" || value === "") return refuse(field, "a non-empty string", value);
  return value.length <= MAX_TEXT ? value : refuse(field, `at most ${MAX_TEXT} characters`, value);
}

/** Id of the session. The core refuses the same ones. @param {Record<string, unknown>} fields */
function id(fields) {
  const value = text(fields, "sessionId");
  const isValid = value.trim() !== "" && !/\p{Cc}/u.test(value);
  return isValid ? value : refuse("sessionId", "a non-empty string without control characters", value);
}

/** Time by the cloud's clock, ms. @param {Record<string, unknown>} fields @returns {number | undefined} `undefined` without a valid date */
export function time({ timestamp }) {
  const at = typeof timestamp === "string" ? Date.parse(timestamp) : NaN;
  return Number.isNaN(at) ? undefined : at;
}

/** @param {Record<string, unknown>} fields */
function url(fields) {
  const field = URL_FIELDS.find((name) => fields[name] != null);
  if (field === undefined) return undefined;
  const value = fields[field];
  const isText = typeof value === "string" && value.length <= MAX_URL;
  const url = isText && URL.canParse(value) ? new URL(value) : undefined;
  if (url?.protocol === "ws:" || url?.protocol === "wss:") return url;
  return refuse(field, `a ws: or wss: URL of at most ${MAX_URL} characters`, value);
}

/**
 * @param {string} field
 * @param {string} allowed
 * @param {unknown} given
 * @returns {never}
 * @throws {HttpError}
 */
export function refuse(field, allowed, given) {
  const message =
    given === undefined ? `${mustBe(field, allowed)}, it is missing` : mustBe(field, allowed, given);
  throw new HttpError(400, message);
}
