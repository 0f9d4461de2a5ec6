/**
 * Reads what a cloud asks for. It is input from strangers: nothing is taken on trust.
 *
 * @typedef {object} SessionRequest
 * @property {"session_request"} type
 * @property {string} sessionId
 * @property {string} userId
 * @property {URL | undefined} url where the session is to connect
 *
 * @typedef {object} StopRequest
 * @property {"stop_request"} type
 * @property {string} sessionId
 * @property {string} reason
 */
import { HttpError } from "./http-error.js";
import { isObject, shown } from "./options.js";

const URL_FIELDS = ["augmentOSWebsocketUrl", "mentraOSWebsocketUrl"];

/**
 * @param {unknown} body JSON, or what somebody else has made of it
 * @returns {SessionRequest | StopRequest}
 * @throws {HttpError}
 */
export function readRequest(body) {
  const fields = parse(body);
  const { type } = fields;
  if (type === "session_request") {
    const sessionId = text(fields, "sessionId");
    return { type, sessionId, userId: text(fields, "userId"), url: url(fields) };
  }
  if (type === "stop_request") {
    const sessionId = text(fields, "sessionId");
    return { type, sessionId, reason: fields.reason === undefined ? type : text(fields, "reason") };
  }
  return refuse("type", '"session_request" or "stop_request"', type);
}

/**
 * @param {unknown} body
 * @returns {Record<string, unknown>}
 */
function parse(body) {
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
 */
function text(fields, field) {
  const value = fields[field];
  return typeof value === "string" && value !== "" ? value : refuse(field, "a non-empty string", value);
}

/** @param {Record<string, unknown>} fields */
function url(fields) {
  const field = URL_FIELDS.find((name) => fields[name] != null);
  if (field === undefined) return undefined;
  const value = fields[field];
  const url = typeof value === "string" && URL.canParse(value) ? new URL(value) : undefined;
  if (url?.protocol === "ws:" || url?.protocol === "wss:") return url;
  return refuse(field, "a ws: or wss: URL", value);
}

/**
 * @param {string} field
 * @param {string} allowed
 * @param {unknown} given
 * @returns {never}
 */
function refuse(field, allowed, given) {
  const but = given === undefined ? "it is missing" : `not ${shown(given)}`;
  throw new HttpError(400, `${field}: must be ${allowed}, ${but}`);
}
