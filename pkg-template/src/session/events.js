/** `session.events`: a method for each event. Each returns a function that removes the handler. */
import { EVENTS } from "./event-names.js";
import { CHECK_OPTIONS } from "./internal-symbols.js";
import { RECOGNITION_OPTIONS } from "./option-names.js";
import { handler, language, text } from "./validate.js";
import { Unproxied } from "./unproxied.js";

export class Events extends Unproxied {
  #session;
  #handlers;

  /**
   * @param {any} session
   * @param {import("../../../src/web/js/dispatcher.js").Dispatcher} handlers of the session
   */
  constructor(session, handlers) {
    super();
    this.#session = session;
    this.#handlers = handlers;
  }

  /**
   * @param {string} event
   * @param {any} handler
   */
  on(event, handler) {
    return this.#session.on(event, handler);
  }

  /**
   * As if it had come. The brackets keep the name, which is one of those that are shortened.
   * @param {string} event
   * @param {any} data
   */
  ["emit"](event, data) {
    this.#handlers.onFrame(event, data);
    this.#handlers.emit(event, data);
  }

  getRegisteredStreams() {
    return this.#session.subscriptions;
  }

  /**
   * @param {string} code
   * @param {any} handler
   * @param {any} [options] or the option `disableLanguageIdentification` alone
   */
  onTranscriptionForLanguage(code, handler, options) {
    if (typeof options !== "boolean") this.#session[CHECK_OPTIONS](options, RECOGNITION_OPTIONS);
    const query = new URLSearchParams();
    if (options === true || options?.disableLanguageIdentification)
      query.set("no-language-identification", "true");
    if (options?.hints?.length > 0) query.set("hints", options.hints.join(","));
    const stream = [`transcription:${language("language", code)}`, ...(query.size > 0 ? [query] : [])];
    return this.on(stream.join("?"), handler);
  }

  /**
   * @param {string} from
   * @param {string} to
   * @param {any} handler
   */
  onTranslationForLanguage(from, to, handler) {
    const languages = [language("sourceLanguage", from), language("targetLanguage", to)];
    return this.on(`translation:${languages.join("-to-")}`, handler);
  }

  /**
   * @param {any} gesture or the handler for all gestures
   * @param {any} [handler]
   */
  onTouchEvent(gesture, handler) {
    if (typeof gesture === "function") return this.on("touch_event", gesture);
    return this.on(`touch_event:${text("gesture", gesture)}`, handler);
  }

  /**
   * @param {any} action or the handler for all actions
   * @param {any} [callback]
   */
  onCustomMessage(action, callback) {
    if (typeof action === "function") return this.on("custom_message", action);
    text("action", action);
    handler("handler", callback);
    return this.on("custom_message", (/** @type {any} */ message) => {
      if (message?.action === action) return callback(message.payload);
    });
  }

  /** @param {any} callback called with all settings of the app */
  onSettingsUpdate(callback) {
    handler("handler", callback);
    return this.on("settings_update", (/** @type {any} */ frame) => callback(frame.settings));
  }

  /**
   * @param {string} key
   * @param {any} handler
   */
  onSettingChange(key, handler) {
    return this.#session.settings.onValueChange(key, handler);
  }
}

for (const [method, event] of Object.entries(EVENTS)) {
  Object.defineProperty(Events.prototype, method, {
    /** @param {any} handler */
    value(handler) {
      return this.on(event, handler);
    },
  });
}
