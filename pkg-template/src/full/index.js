/**
 * `tpa-session/full`: the session with the peripherals of the glasses, rooms, and the names of the
 * platform's Node SDK.
 *
 * The build resolves `tpa-session` to the main entry point.
 */
import { TpaSession as Main } from "tpa-session";

import { DEFAULT_URL } from "../constants.js";
import { cloudUrl, httpOrigin } from "../session/cloud-url.js";
import { EVENTS } from "../session/event-names.js";
import { APPLY_FRAME, CHECK_OPTIONS, REQUESTS } from "../session/internal-symbols.js";
import { refuse, text } from "../session/validate.js";
import { keep } from "../session/weight.js";
import { Device } from "./device.js";
import { Audio, Camera, Location } from "./glasses.js";
import { Led } from "./led.js";
import { Messages } from "./messages.js";
import { SUBSCRIPTION_SETTINGS } from "./option-names.js";
import { Requests } from "./requests.js";

export { TpaConnectionError } from "tpa-session";
export { RequestError as TpaRequestError } from "./request-error.js";

/** Methods of `session.events` that are available on the session too. */
const SHORTCUTS = [
  ...Object.keys(EVENTS),
  "onTranscriptionForLanguage",
  "onTranslationForLanguage",
  "onTouchEvent",
  "onCustomMessage",
  "onSettingsUpdate",
  "onSettingChange",
];

/** Aliases in the platform's Node SDK. */
const EVENTS_ALIASES = { ontranslationForLanguage: "onTranslationForLanguage" };
const SETTINGS_ALIASES = {
  onMentraosSettingChange: "onMentraosChange",
  onMentraosSettingsChange: "onMentraosChange",
  getMentraosSetting: "getMentraOS",
};

/** @type {{ [name: string]: (session: any, requests: () => Requests, url: any) => any }} */
const PARTS = {
  camera: (session, requests) => new Camera(session, requests()),
  audio: (session, requests, url) => new Audio(session, requests(), url),
  location: (session, requests) => new Location(session, requests()),
  led: (session, requests) => new Led(session, requests()),
  device: (session) => new Device(session),
};

/** @type {any} includes internal methods, which the public type lacks */
const Base = Main;

export class TpaSession extends Base {
  #url;
  /** @type {any} last known state */
  #wifi = null;
  /** @type {{ [name: string]: any }} created on first use */
  #parts = {};

  static {
    for (const [name, make] of Object.entries(PARTS)) {
      Object.defineProperty(this.prototype, name, {
        get() {
          return this.#part(name, make);
        },
      });
    }
    for (const name of SHORTCUTS) {
      Object.defineProperty(this.prototype, name, {
        /** @param {any[]} args */
        value(...args) {
          return this.events[name](...args);
        },
      });
    }
  }

  /** @param {any} options */
  constructor(options) {
    super(options);
    this.#url = cloudUrl(options) ?? DEFAULT_URL;
  }

  get events() {
    return withAliases(super.events, EVENTS_ALIASES);
  }

  get settings() {
    return withAliases(super.settings, SETTINGS_ALIASES);
  }

  /**
   * @param {unknown} payload
   * @param {string} [roomId]
   */
  broadcastToAppUsers(payload, roomId) {
    return this.#messages.broadcast(payload, roomId);
  }

  /**
   * @param {string} userId
   * @param {unknown} payload
   */
  sendDirectMessage(userId, payload) {
    return this.#messages.direct(userId, payload);
  }

  /**
   * @param {string} roomId
   * @param {object} [roomConfig]
   */
  joinAppRoom(roomId, roomConfig) {
    this.#messages.join(roomId, roomConfig);
  }

  /** @param {string} roomId */
  leaveAppRoom(roomId) {
    this.#messages.leave(roomId);
  }

  getSessionId() {
    return this.sessionId ?? "unknown-session-id";
  }

  getPackageName() {
    return this.packageName;
  }

  getServerUrl() {
    return typeof this.#url === "string" ? this.#url : undefined;
  }

  getHttpsServerUrl() {
    return typeof this.#url === "string" ? httpOrigin(this.#url) : undefined;
  }

  /** @param {any} message */
  sendMessage(message) {
    return this.send(message);
  }

  getSettings() {
    return this.settings.getAll();
  }

  /** @param {string} key */
  getSetting(key) {
    return this.settings.get(key);
  }

  /** @param {any[]} settings */
  updateSettingsForTesting(settings) {
    this.events.emit("settings_update", { settings });
  }

  getConfig() {
    return this.settings.getConfig();
  }

  /** @param {string} json */
  loadConfigFromJson(json) {
    const config = JSON.parse(text("jsonData", json));
    if (!Array.isArray(config?.settings)) refuse("config", "an object with settings", config);
    this.settings[APPLY_FRAME]("", { config });
    return config;
  }

  /** @returns {any[]} */
  getDefaultSettings() {
    const settings = this.getConfig()?.settings.filter(isSetting) ?? [];
    return settings.map((/** @type {any} */ setting) => ({ ...setting, value: setting.defaultValue }));
  }

  /** @param {string} key */
  getSettingSchema(key) {
    const settings = this.getConfig()?.settings.filter(isSetting);
    return settings?.find((/** @type {any} */ setting) => setting.key === key);
  }

  /**
   * Derives the subscriptions from settings.
   *
   * @param {{ updateOnChange: string[], handler: (settings: any[]) => string[] }} options
   */
  setSubscriptionSettings(options) {
    /** @type {any} */ (this)[CHECK_OPTIONS](options, SUBSCRIPTION_SETTINGS);
    const { updateOnChange, handler } = options;
    /** @type {string[]} */
    let before = [];
    const update = () => {
      const after = handler(this.getSettings());
      this.unsubscribe(before.filter((stream) => !after.includes(stream)));
      this.subscribe(after);
      before = after;
    };
    this.on("connected", update);
    this.settings.onChange((/** @type {any} */ change) => {
      if (updateOnChange.some((key) => key in change)) update();
    });
    if (this.getSettings().length > 0) update();
  }

  /** @param {string[]} gestures */
  subscribeToGestures(gestures) {
    const streams = gestures.map((gesture) => `touch_event:${text("gesture", gesture)}`);
    this.subscribe(streams);
    return () => this.unsubscribe(streams);
  }

  getWifiStatus() {
    return this.capabilities?.hasWifi ? this.#wifi : null;
  }

  isWifiConnected() {
    return this.getWifiStatus()?.connected === true;
  }

  /** @param {string} [reason] */
  requestWifiSetup(reason) {
    return this.send({ type: "request_wifi_setup", reason });
  }

  /**
   * @param {string} name
   * @param {(session: any, requests: () => Requests, url: any) => any} make
   */
  #part(name, make) {
    return (this.#parts[name] ??= make(this, () => this.#requests, this.#url));
  }

  /** @returns {Requests} */
  get #requests() {
    return this.#part("requests", (session) => new Requests(session));
  }

  /** @returns {Requests | undefined} */
  get [REQUESTS]() {
    return this.#parts["requests"];
  }

  /** @returns {Messages} */
  get #messages() {
    return this.#part("messages", (session, requests) => new Messages(session, requests()));
  }

  /**
   * Applies a frame to the parts, independent of the handlers.
   *
   * @param {string} type
   * @param {any} frame
   */
  [APPLY_FRAME](type, frame) {
    super[APPLY_FRAME](type, frame);
    if (type === "glasses_connection_state") this.#wifi = keep("wifi", frame?.wifi ?? null);
    if (type === "device_state_update") this.device.state[APPLY_FRAME](frame.state);
    if (/^(rtmp|managed)_stream_status$/.test(type)) this.camera[APPLY_FRAME](type, frame);
  }
}

/**
 * Adds aliases of methods.
 *
 * @param {any} part
 * @param {{ [alias: string]: string }} aliases
 */
function withAliases(part, aliases) {
  for (const [alias, name] of Object.entries(aliases)) part[alias] ??= part[name];
  return part;
}

/** @param {any} setting a setting or a heading */
function isSetting(setting) {
  return typeof setting?.key === "string" && setting.type !== "group";
}
