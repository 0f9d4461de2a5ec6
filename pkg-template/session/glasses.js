/** `session.camera`, `session.audio` and `session.location`: what the glasses do when asked. */
import { refuse, text } from "./check.js";
import { RequestError } from "./request_error.js";

export class Camera {
  #session;
  #requests;

  /**
   * @param {any} session
   * @param {import("./requests.js").Requests} requests
   */
  constructor(session, requests) {
    this.#session = session;
    this.#requests = requests;
  }

  /** @param {object} [options] */
  async requestPhoto(options) {
    const message = { ...options, type: "photo_request" };
    const answer = await this.#requests.ask(message, "requestId", "photo_response");
    if (answer.success !== false) return answer;
    throw new RequestError(answer.error?.message ?? "No photo was taken", "REFUSED");
  }

  /** @param {{ rtmpUrl: string }} options */
  startStream(options) {
    text("rtmpUrl", options?.rtmpUrl);
    return this.#session.send({ ...options, type: "rtmp_stream_request" });
  }

  /** @param {{ streamId?: string }} [options] */
  stopStream(options) {
    return this.#session.send({ ...options, type: "rtmp_stream_stop" });
  }

  /** @param {any} handler */
  onStreamStatus(handler) {
    return this.#session.on("rtmp_stream_status", handler);
  }
}

export class Audio {
  #session;
  #requests;

  /**
   * @param {any} session
   * @param {import("./requests.js").Requests} requests
   */
  constructor(session, requests) {
    this.#session = session;
    this.#requests = requests;
  }

  /** @param {{ audioUrl: string, volume?: number }} options */
  async playAudio(options) {
    text("audioUrl", options?.audioUrl);
    const { volume } = options;
    if (volume !== undefined && !(volume >= 0 && volume <= 1)) refuse("volume", "0 to 1", volume);
    const message = { ...options, type: "audio_play_request" };
    return this.#requests.ask(message, "requestId", "audio_play_response");
  }

  /** @param {number} [trackId] */
  stopAudio(trackId) {
    return this.#session.send({ type: "audio_stop_request", ...(trackId !== undefined && { trackId }) });
  }
}

export class Location {
  #requests;

  /** @param {import("./requests.js").Requests} requests */
  constructor(requests) {
    this.#requests = requests;
  }

  /** @param {{ accuracy?: string }} [options] */
  async getLatestLocation({ accuracy = "standard" } = {}) {
    const message = { type: "location_poll_request", accuracy: text("accuracy", accuracy) };
    return this.#requests.ask(message, "correlationId", "location_update");
  }
}
