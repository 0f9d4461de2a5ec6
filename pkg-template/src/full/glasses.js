/** `session.camera`, `session.audio` and `session.location`: requests to the glasses. */
import { httpOrigin } from "../session/cloud-url.js";
import { CHECK_OPTIONS } from "../session/internal-symbols.js";
import { oneOf, refuse, text } from "../session/validate.js";
import { AUDIO_OPTIONS, LOCATION_OPTIONS, PHOTO_OPTIONS, SPEAK_OPTIONS } from "./option-names.js";
import { Streaming } from "./streaming.js";
import { Unproxied } from "../session/unproxied.js";

/** Timeout of a playback, ms: the response follows the end of the sound. */
const PLAYBACK_TIMEOUT = 60_000;

const PHOTO_SIZES = /** @type {const} */ (["small", "medium", "large", "full"]);
const COMPRESSIONS = /** @type {const} */ (["none", "medium", "heavy"]);

export class Camera extends Streaming {
  #session;
  #requests;

  /**
   * @param {any} session
   * @param {import("./requests.js").Requests} requests
   */
  constructor(session, requests) {
    super(session, requests);
    this.#session = session;
    this.#requests = requests;
  }

  /** @param {import("../../types/parts.js").PhotoRequestOptions} [options] */
  async requestPhoto(options = {}) {
    this.#session[CHECK_OPTIONS](options, PHOTO_OPTIONS);
    const { size, compress } = options;
    if (size !== undefined) oneOf("size", size, PHOTO_SIZES);
    if (compress !== undefined) oneOf("compress", compress, COMPRESSIONS);
    const message = { ...options, type: "photo_request" };
    const response = await this.#requests.send(message, "requestId", "photo_response");
    if (response.success !== false) return response;
    throw this.#requests.refusal(response.error?.message, "No photo was taken");
  }

  /** @param {string} requestId */
  hasPhotoPendingRequest(requestId) {
    return this.#requests.pending("photo_request").includes(requestId);
  }

  /** @param {string} requestId */
  cancelPhotoRequest(requestId) {
    return this.#requests.cancel("photo_request", text("requestId", requestId)) > 0;
  }

  cancelAllPhotoRequests() {
    return this.#requests.cancel("photo_request");
  }

  /** Cancels photo requests and the stream. */
  cancelAllRequests() {
    if (this.isCurrentlyStreaming()) this.stopStream();
    this.#requests.cancel("managed_stream_request");
    return { photoRequests: this.cancelAllPhotoRequests() };
  }
}

export class Audio extends Unproxied {
  #session;
  #requests;
  #url;

  /**
   * @param {any} session
   * @param {import("./requests.js").Requests} requests
   * @param {string | (() => string | Promise<string>)} url of the cloud
   */
  constructor(session, requests, url) {
    super();
    this.#session = session;
    this.#requests = requests;
    this.#url = url;
  }

  /** @param {{ audioUrl: string, volume?: number, stopOtherAudio?: boolean, trackId?: number }} options */
  async playAudio(options) {
    this.#session[CHECK_OPTIONS](options, AUDIO_OPTIONS);
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
    // The cloud sends no response for a sound that plays in parallel.
    if (!message.stopOtherAudio) {
      this.#session.send({ ...message, requestId: this.#requests.id() });
      return { success: true };
    }
    return this.#requests.send(message, "requestId", "audio_play_response", { timeout: PLAYBACK_TIMEOUT });
  }

  /**
   * Plays a text as speech, synthesised by the cloud.
   *
   * @param {string} content
   * @param {{ voice_id?: string, model_id?: string, voice_settings?: object }} [options] and those of `playAudio`
   */
  async speak(content, options = {}) {
    this.#session[CHECK_OPTIONS](options, SPEAK_OPTIONS);
    const { voice_id, model_id, voice_settings, ...play } = options;
    const query = new URLSearchParams({ text: text("text", content) });
    const voice = { voice_id, model_id, voice_settings: JSON.stringify(voice_settings) };
    for (const [name, value] of Object.entries(voice)) if (value) query.set(name, value);
    const cloud = typeof this.#url === "function" ? await this.#url() : this.#url;
    const audioUrl = `${httpOrigin(cloud)}/api/tts?${query}`;
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
    return this.#requests.pending("audio_play_request");
  }

  /** @param {string} requestId */
  cancelAudioRequest(requestId) {
    return this.#requests.cancel("audio_play_request", text("requestId", requestId)) > 0;
  }

  cancelAllAudioRequests() {
    return this.#requests.cancel("audio_play_request");
  }
}

export class Location extends Unproxied {
  #session;
  #requests;
  /** @type {() => void} */
  #unsubscribe = () => {};

  /**
   * @param {any} session
   * @param {import("./requests.js").Requests} requests
   */
  constructor(session, requests) {
    super();
    this.#session = session;
    this.#requests = requests;
  }

  /**
   * @param {object} options
   * @param {any} handler
   */
  subscribeToStream(options, handler) {
    this.#session[CHECK_OPTIONS](options, LOCATION_OPTIONS);
    return (this.#unsubscribe = this.#session.on("location_update", handler));
  }

  unsubscribeFromStream() {
    this.#unsubscribe();
  }

  /** @param {{ accuracy?: string }} [options] */
  async getLatestLocation(options = {}) {
    this.#session[CHECK_OPTIONS](options, LOCATION_OPTIONS);
    const { accuracy = "standard" } = options;
    const message = { type: "location_poll_request", accuracy: text("accuracy", accuracy) };
    return this.#requests.send(message, "correlationId", "location_update");
  }
}
