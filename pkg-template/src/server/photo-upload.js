/**
 * Route through which the glasses upload a photo that the app has requested.
 *
 * @import { TpaSession } from "tpa-session"
 * @import { Requests } from "../full/requests.js"
 * @import { ServerOptions } from "./options.js"
 * @import { Incoming, Route } from "./router.js"
 * @import { Sessions } from "./sessions.js"
 */
import { REQUESTS } from "../session/internal-symbols.js";
import { readForm, boundaryOf } from "./form.js";
import { HttpError } from "./http-error.js";
import { pathsOf } from "./router.js";

/** Largest picture, as in the platform's SDK. */
const MAX_PHOTO_BYTES = 10 * 1024 * 1024;
/** Largest form: a picture, and room for the other fields. */
const MAX_BYTES = MAX_PHOTO_BYTES + 64 * 1024;
/** Longest time for an upload, ms: a request waits as long. */
const TIMEOUT = 30_000;

const FORM_MEDIA = { pattern: /^multipart\/form-data$/i, name: "multipart/form-data" };

/**
 * @param {Pick<ServerOptions, "webhookPath" | "maxUploads"> & { sessions: Sessions }} parts
 * @returns {Route}
 */
export function photoUpload({ webhookPath, maxUploads, sessions }) {
  let uploads = 0;
  return {
    method: "POST",
    paths: pathsOf(webhookPath, "photo-upload"),
    media: FORM_MEDIA,
    async handle(incoming) {
      const contentType = incoming.header("Content-Type") ?? "";
      boundaryOf(contentType);
      const length = Number(incoming.header("Content-Length") ?? 0);
      if (length > MAX_BYTES) throw new HttpError(413, `the body has more than ${MAX_BYTES} bytes`);
      // Nobody can make the server read a picture that nobody waits for.
      if (![...sessions.live.values()].some((session) => pendingOf(session).length > 0)) notPending();
      if (uploads >= maxUploads) throw new HttpError(429, `${maxUploads} photos are being uploaded already`);
      uploads += 1;
      try {
        return await receive(incoming, contentType, sessions);
      } finally {
        uploads -= 1;
      }
    },
  };
}

/**
 * @param {Incoming} incoming
 * @param {string} contentType
 * @param {Sessions} sessions
 */
async function receive({ bytes }, contentType, sessions) {
  const form = await readForm(contentType, await bytes({ maxBytes: MAX_BYTES, timeout: TIMEOUT }));
  const requestId = form.get("requestId");
  if (typeof requestId !== "string" || requestId === "") {
    throw new HttpError(400, "requestId: must be a non-empty string");
  }
  const session = [...sessions.live.values()].find((session) => pendingOf(session).includes(requestId));
  if (session === undefined) return notPending();
  const isFailure = form.get("type") === "photo_error" || form.get("success") === "false";
  const response = isFailure ? errorOf(form) : await photoOf(form, requestId);
  // It may have been settled while the picture was copied.
  if (requestsOf(session)?.settle(requestId, response) !== true) notPending();
  return { status: 200, body: { success: true, requestId } };
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

/**
 * Response with the error of the glasses, in the form of a `photo_response`.
 *
 * @param {FormData} form
 */
function errorOf(form) {
  const message = form.get("errorMessage") ?? "No photo was taken";
  const code = form.get("errorCode");
  const text = typeof code === "string" && code !== "" ? `${message} (${code})` : message;
  return { type: "photo_response", success: false, error: { message: text } };
}

/**
 * Response with the picture, in the form of a `photo_response`.
 *
 * @param {FormData} form
 * @param {string} requestId
 */
async function photoOf(form, requestId) {
  const photo = form.get("photo");
  if (photo === null || typeof photo === "string" || photo.size === 0) {
    throw new HttpError(400, "photo: must be a picture");
  }
  const { type: mimeType, name: filename, size } = photo;
  if (!mimeType.startsWith("image/")) throw new HttpError(415, "photo: must be an image");
  if (size > MAX_PHOTO_BYTES) throw new HttpError(413, `photo: has more than ${MAX_PHOTO_BYTES} bytes`);
  const bytes = await photo.arrayBuffer();
  const buffer = globalThis.Buffer?.from(bytes) ?? new Uint8Array(bytes);
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
    size,
    timestamp: new Date().toISOString(),
  };
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
