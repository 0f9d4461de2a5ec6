/** Streams of `session.camera`: to an RTMP server of the app, or managed by the cloud. */
import { APPLY_FRAME, CHECK_OPTIONS } from "../session/internal-symbols.js";
import { text } from "../session/validate.js";
import { keep } from "../session/weight.js";
import { MANAGED_STREAM_OPTIONS, RTMP_STREAM_OPTIONS, STOP_STREAM_OPTIONS } from "./option-names.js";
import { Unproxied } from "../session/unproxied.js";

/** Statuses in which a stream has ended. */
const ENDED = ["stopped", "error", "timeout"];

export class Streaming extends Unproxied {
  #session;
  #requests;
  /** @type {string | undefined} destination of the active stream */
  #url;
  /** @type {any} last status of the stream */
  #status;
  /** @type {any} statuses of the active managed stream, merged */
  #managed;

  /**
   * @param {any} session
   * @param {import("./requests.js").Requests} requests
   */
  constructor(session, requests) {
    super();
    this.#session = session;
    this.#requests = requests;
    session.on("disconnected", (/** @type {any} */ { permanent }) => {
      if (permanent) this.#url = this.#managed = undefined;
    });
  }

  /**
   * @param {string} type
   * @param {any} status
   */
  [APPLY_FRAME](type, status) {
    const hasEnded = ENDED.includes(status.status);
    if (type === "managed_stream_status") {
      this.#managed = hasEnded ? undefined : keep(type, { ...this.#managed, ...status });
      return;
    }
    this.#status = keep(type, status);
    if (hasEnded) this.#url = undefined;
  }

  /** @param {{ rtmpUrl: string }} options */
  startStream(options) {
    this.#session[CHECK_OPTIONS](options, RTMP_STREAM_OPTIONS);
    const url = text("rtmpUrl", options?.rtmpUrl);
    const result = this.#session.send({ ...options, type: "rtmp_stream_request" });
    if (result !== "dropped") this.#url = url;
    return result;
  }

  /** @param {{ streamId?: string }} [options] */
  stopStream(options) {
    this.#session[CHECK_OPTIONS](options, STOP_STREAM_OPTIONS);
    return this.#session.send({ streamId: this.#status?.streamId, ...options, type: "rtmp_stream_stop" });
  }

  isCurrentlyStreaming() {
    return this.#url !== undefined;
  }

  getCurrentStreamUrl() {
    return this.#url;
  }

  getStreamStatus() {
    return this.#status;
  }

  subscribeToStreamStatusUpdates() {
    this.#session.subscribe("rtmp_stream_status");
  }

  unsubscribeFromStreamStatusUpdates() {
    this.#session.unsubscribe("rtmp_stream_status");
  }

  /** @param {any} handler */
  onStreamStatus(handler) {
    return this.#session.on("rtmp_stream_status", handler);
  }

  /** @param {object} [options] */
  async startManagedStream(options) {
    this.#session[CHECK_OPTIONS](options, MANAGED_STREAM_OPTIONS);
    const message = { ...options, type: "managed_stream_request" };
    // The cloud does not return the id. There is one managed stream, so its first final status answers.
    const matches = (/** @type {any} */ { status, hlsUrl }) =>
      ENDED.includes(status) || (status === "active" && hlsUrl !== undefined);
    const response = await this.#requests.send(message, "requestId", "managed_stream_status", { matches });
    if (response.status === "active") return this.getManagedStreamUrls();
    throw this.#requests.refusal(response.message, "The stream was not started");
  }

  stopManagedStream() {
    return this.#session.send({ type: "managed_stream_stop" });
  }

  /** @param {any} handler */
  onManagedStreamStatus(handler) {
    return this.#session.on("managed_stream_status", handler);
  }

  isManagedStreamActive() {
    return this.#managed !== undefined || this.#requests.pending("managed_stream_request").length > 0;
  }

  getManagedStreamUrls() {
    return this.#managed?.hlsUrl === undefined ? undefined : this.#managed;
  }

  /** Queries the active stream of the user's glasses, whichever app started it. */
  async checkExistingStream() {
    const matches = () => true;
    const request = { type: "stream_status_check" };
    return this.#requests.send(request, "requestId", "stream_status_check_response", { matches });
  }
}
