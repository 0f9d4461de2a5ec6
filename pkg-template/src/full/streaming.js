/** What `session.camera` streams: to an RTMP server of the app's, or managed by the cloud. */
import { text } from "../session/validate.js";
import { RequestError } from "./request-error.js";
import { APPLY_FRAME } from "../session/internal-symbols.js";

/** Statuses after which there is no stream. */
const OVER = ["stopped", "error", "timeout"];

export class Streaming {
  #session;
  #requests;
  /** @type {string | undefined} where the stream goes, as long as there is one */
  #url;
  /** @type {any} the last that was told of it */
  #status;
  /** @type {any} what was told of the managed stream, as long as there is one */
  #managed;

  /**
   * @param {any} session
   * @param {import("./requests.js").Requests} requests
   */
  constructor(session, requests) {
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
    const isOver = OVER.includes(status.status);
    if (type === "managed_stream_status") {
      this.#managed = isOver ? undefined : { ...this.#managed, ...status };
      return;
    }
    this.#status = status;
    if (isOver) this.#url = undefined;
  }

  /** @param {{ rtmpUrl: string }} options */
  startStream(options) {
    const url = text("rtmpUrl", options?.rtmpUrl);
    const result = this.#session.send({ ...options, type: "rtmp_stream_request" });
    if (result !== "dropped") this.#url = url;
    return result;
  }

  /** @param {{ streamId?: string }} [options] */
  stopStream(options) {
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
    const message = { ...options, type: "managed_stream_request" };
    // The cloud gives no id back: there is one such stream, and the first word on its fate is the answer.
    const answers = (/** @type {any} */ { status, hlsUrl }) =>
      OVER.includes(status) || (status === "active" && hlsUrl !== undefined);
    const answer = await this.#requests.ask(message, "requestId", "managed_stream_status", { answers });
    if (answer.status === "active") return this.getManagedStreamUrls();
    throw new RequestError(answer.message ?? "The stream was not started", "REFUSED");
  }

  stopManagedStream() {
    return this.#session.send({ type: "managed_stream_stop" });
  }

  /** @param {any} handler */
  onManagedStreamStatus(handler) {
    return this.#session.on("managed_stream_status", handler);
  }

  isManagedStreamActive() {
    return this.#managed !== undefined || this.#requests.open("managed_stream_request").length > 0;
  }

  getManagedStreamUrls() {
    return this.#managed?.hlsUrl === undefined ? undefined : this.#managed;
  }

  /** Whether the user's glasses stream, whoever asked for it. */
  async checkExistingStream() {
    const answers = () => true;
    const question = { type: "stream_status_check" };
    return this.#requests.ask(question, "requestId", "stream_status_check_response", { answers });
  }
}
