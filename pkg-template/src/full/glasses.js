/** `session.camera`, `session.audio` and `session.location`: what the glasses do when asked. */
import { refuse, text } from "../session/validate.js";
import { httpOf } from "./cloud-url.js";
import { RequestError } from "./request-error.js";
import { Streaming } from "./streaming.js";

/** How long an answer to a sound may take, ms: it comes when the sound is over. */
const SOUND = 60_000;

export class Camera extends Streaming {
  #requests;

  /**
   * @param {any} session
   * @param {import("./requests.js").Requests} requests
   */
  constructor(session, requests) {
    super(session, requests);
    this.#requests = requests;
  }

  /** @param {object} [options] */
  async requestPhoto(options) {
    const message = { ...options, type: "photo_request" };
    const answer = await this.#requests.ask(message, "requestId", "photo_response");
    if (answer.success !== false) return answer;
    throw new RequestError(answer.error?.message ?? "No photo was taken", "REFUSED");
  }

  /** @param {string} requestId */
  hasPhotoPendingRequest(requestId) {
    return this.#requests.open("photo_request").includes(requestId);
  }

  /** @param {string} requestId */
  cancelPhotoRequest(requestId) {
    return this.#requests.cancel("photo_request", text("requestId", requestId)) > 0;
  }

  cancelAllPhotoRequests() {
    return this.#requests.cancel("photo_request");
  }

  /** Photos, and the stream. */
  cancelAllRequests() {
    if (this.isCurrentlyStreaming()) this.stopStream();
    this.#requests.cancel("managed_stream_request");
    return { photoRequests: this.cancelAllPhotoRequests() };
  }
}

export class Audio {
  #session;
  #requests;
  #url;

  /**
   * @param {any} session
   * @param {import("./requests.js").Requests} requests
   * @param {string | (() => string | Promise<string>)} url of the cloud
   */
  constructor(session, requests, url) {
    this.#session = session;
    this.#requests = requests;
    this.#url = url;
  }

  /** @param {{ audioUrl: string, volume?: number, stopOtherAudio?: boolean, trackId?: number }} options */
  async playAudio(options) {
    text("audioUrl", options?.audioUrl);
    const { volume } = options;
    if (volume !== undefined && !(volume >= 0 && volume <= 1)) refuse("volume", "0 to 1", volume);
    const message = {
      volume: 1,
      stopOtherAudio: true,
      trackId: 0,
      ...options,
      type: "audio_play_request",
    };
    // Nothing is told of a sound that plays beside others.
    if (!message.stopOtherAudio) {
      this.#session.send({ ...message, requestId: this.#requests.id() });
      return { success: true };
    }
    return this.#requests.ask(message, "requestId", "audio_play_response", { patience: SOUND });
  }

  /**
   * Has the cloud read out a text.
   * @param {string} words
   * @param {{ voice_id?: string, model_id?: string, voice_settings?: object }} [options] and those of a sound
   */
  async speak(words, { voice_id, model_id, voice_settings, ...play } = {}) {
    const query = new URLSearchParams({ text: text("text", words) });
    const voice = { voice_id, model_id, voice_settings: JSON.stringify(voice_settings) };
    for (const [name, value] of Object.entries(voice)) if (value) query.set(name, value);
    const cloud = typeof this.#url === "function" ? await this.#url() : this.#url;
    const audioUrl = `${httpOf(cloud)}/api/tts?${query}`;
    return this.playAudio({ trackId: 2, ...play, audioUrl });
  }

  /** @param {number} [trackId] */
  stopAudio(trackId) {
    return this.#session.send({ type: "audio_stop_request", ...(trackId !== undefined && { trackId }) });
  }

  /** @param {string} [requestId] */
  hasPendingRequest(requestId) {
    const ids = this.getPendingRequestIds();
    return requestId === undefined ? ids.length > 0 : ids.includes(requestId);
  }

  getPendingRequestCount() {
    return this.getPendingRequestIds().length;
  }

  getPendingRequestIds() {
    return this.#requests.open("audio_play_request");
  }

  /** @param {string} requestId */
  cancelAudioRequest(requestId) {
    return this.#requests.cancel("audio_play_request", text("requestId", requestId)) > 0;
  }

  cancelAllAudioRequests() {
    return this.#requests.cancel("audio_play_request");
  }
}

export class Location {
  #session;
  #requests;
  /** @type {() => void} */
  #unsubscribe = () => {};

  /**
   * @param {any} session
   * @param {import("./requests.js").Requests} requests
   */
  constructor(session, requests) {
    this.#session = session;
    this.#requests = requests;
  }

  /**
   * @param {object} _options
   * @param {any} handler
   */
  subscribeToStream(_options, handler) {
    return (this.#unsubscribe = this.#session.on("location_update", handler));
  }

  unsubscribeFromStream() {
    this.#unsubscribe();
  }

  /** @param {{ accuracy?: string }} [options] */
  async getLatestLocation({ accuracy = "standard" } = {}) {
    const message = { type: "location_poll_request", accuracy: text("accuracy", accuracy) };
    return this.#requests.ask(message, "correlationId", "location_update");
  }
}
