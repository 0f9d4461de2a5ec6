/**
 * Route through which the glasses upload a photo that the app has requested.
 *
 * @import { MultipartPart } from "@remix-run/multipart-parser"
 * @import { TpaSession } from "tpa-session"
 * @import { Member } from "../cluster/member.js"
 * @import { Requests } from "../full/requests.js"
 * @import { ServerOptions } from "./options.js"
 * @import { Fields } from "./form.js"
 * @import { Route } from "./router.js"
 * @import { Sessions } from "./sessions.js"
 */
import { REQUESTS } from "../session/internal-symbols.js";
import { Form, boundaryOf } from "./form.js";
import { HttpError } from "./http-error.js";
import { pathsOf } from "./router.js";

/** Largest picture, as in the platform's SDK. */
const MAX_PHOTO_BYTES = 10 * 1024 * 1024;
/** Longest time for an upload, ms: a request waits as long. */
const TIMEOUT = 30_000;

const FORM_MEDIA = { pattern: /^multipart\/form-data$/i, name: "multipart/form-data" };

/**
 * @param {Pick<ServerOptions, "webhookPath" | "maxUploads"> & {
 *   sessions: Sessions,
 *   member: Member | undefined,
 * }} parts
 * @returns {Route}
 */
export function photoUpload({ webhookPath, maxUploads, sessions, member }) {
  let uploads = 0;
  const isElsewhere = (/** @type {string} */ requestId) => member?.maySend(requestId) === true;
  member?.handle("photo", (upload, bytes) => settle(upload, bytes, sessions));
  return {
    name: "photo-upload",
    method: "POST",
    paths: pathsOf(webhookPath, "photo-upload"),
    media: FORM_MEDIA,
    async handle({ header, receive }) {
      const form = new Form(boundaryOf(header("Content-Type") ?? ""), MAX_PHOTO_BYTES, (name, text) => {
        if (name === "requestId" && !isElsewhere(text)) sessionOf(sessions, text);
      });
      form.checkLength(Number(header("Content-Length") ?? 0));
      // Nobody can make the server read a picture that nobody waits for.
      const isAwaited = [...sessions.live.values()].some((session) => pendingOf(session).length > 0);
      if (!isAwaited && member?.maySend() !== true) notPending();
      if (uploads >= maxUploads) throw new HttpError(429, `${maxUploads} photos are being uploaded already`);
      uploads += 1;
      try {
        const fields = await receive(form, TIMEOUT);
        const { bytes, ...upload } = readUpload(fields);
        if (!isElsewhere(upload.requestId)) return settle(upload, bytes, sessions);
        return (await member?.sendPhoto(upload, bytes)) ?? notPending();
      } finally {
        uploads -= 1;
      }
    },
  };
}

/**
 * Photo, or the error of the glasses, as JSON besides the picture.
 *
 * @typedef {{ requestId: string, filename?: string, mimeType?: string, error?: { message: string } }} Upload
 */

/**
 * @param {Fields} fields
 * @returns {Upload & { bytes?: Uint8Array }}
 */
function readUpload(fields) {
  const requestId = fields.get("requestId");
  if (typeof requestId !== "string" || requestId === "") {
    throw new HttpError(400, "requestId: must be a non-empty string");
  }
  const isFailure = fields.get("type") === "photo_error" || fields.get("success") === "false";
  return isFailure ? { requestId, error: errorOf(fields) } : { requestId, ...pictureOf(fields.get("photo")) };
}

/**
 * @param {Upload} upload
 * @param {Uint8Array | undefined} bytes
 * @param {Sessions} sessions
 */
function settle(upload, bytes, sessions) {
  const { requestId, error } = upload;
  const session = sessionOf(sessions, requestId);
  const response =
    bytes === undefined ? { type: "photo_response", success: false, error } : photoOf(upload, bytes);
  requestsOf(session)?.settle(requestId, response);
  return { status: 200, body: { success: true, requestId } };
}

/**
 * Returns the session that waits for a photo.
 *
 * @param {Sessions} sessions
 * @param {string} requestId
 * @throws {HttpError}
 */
function sessionOf(sessions, requestId) {
  if (requestId === "") throw new HttpError(400, "requestId: must be a non-empty string");
  return (
    [...sessions.live.values()].find((session) => pendingOf(session).includes(requestId)) ?? notPending()
  );
}

/** @param {TpaSession} session @returns {Requests | undefined} */
function requestsOf(session) {
  return /** @type {any} */ (session)[REQUESTS];
}

/** @param {TpaSession} session */
function pendingOf(session) {
  return requestsOf(session)?.pending("photo_request") ?? [];
}

/** @returns {never} */
function notPending() {
  throw new HttpError(404, "no photo with this requestId is pending");
}

/** Error of the glasses, in the form of a `photo_response`. @param {Fields} fields */
function errorOf(fields) {
  const text = (/** @type {string} */ name) => {
    const value = fields.get(name);
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const message = text("errorMessage") ?? "No photo was taken";
  const code = text("errorCode");
  return { message: code === undefined ? message : `${message} (${code})` };
}

/**
 * Response with the picture, in the form of a `photo_response`.
 *
 * @param {Upload} upload
 * @param {Uint8Array} bytes
 */
function photoOf({ requestId, filename, mimeType = "" }, bytes) {
  const buffer = globalThis.Buffer?.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) ?? bytes;
  return {
    type: "photo_response",
    requestId,
    success: true,
    // Made on demand, as it takes more memory than the picture.
    get photoUrl() {
      return dataUrl(mimeType, buffer);
    },
    buffer,
    mimeType,
    filename,
    size: buffer.length,
    timestamp: new Date().toISOString(),
  };
}

/**
 * @param {string | MultipartPart | undefined} part
 * @throws {HttpError}
 */
function pictureOf(part) {
  if (part === undefined || typeof part === "string" || part.size === 0) {
    throw new HttpError(400, "photo: must be a picture");
  }
  const { filename = "photo", mediaType: mimeType } = part;
  if (mimeType?.startsWith("image/") !== true) throw new HttpError(415, "photo: must be an image");
  return { bytes: part.bytes, filename, mimeType };
}

/**
 * @param {string} mimeType
 * @param {Uint8Array} bytes
 */
function dataUrl(mimeType, bytes) {
  // More arguments overflow the stack.
  const STEP = 32 * 1024;
  let text = "";
  for (let at = 0; at < bytes.length; at += STEP) {
    text += String.fromCharCode(...bytes.subarray(at, at + STEP));
  }
  return `data:${mimeType};base64,${btoa(text)}`;
}
