/**
 * `tpa-session/compatible`: the session with what the platform's Node SDK calls by other names,
 * or has in other places.
 *
 * `tpa-session` is the package itself; build.mjs resolves it.
 */
import { TpaSession as Main } from "tpa-session";

import { refuse, text } from "../session/check.js";
import { httpOf, urlOf } from "../session/cloud_url.js";
import { EVENTS } from "../session/event_names.js";
import { TAKE } from "../session/take.js";
import { Device } from "./device.js";

export { TpaConnectionError, TpaRequestError } from "tpa-session";

/** Handlers by name that the session has itself. */
const SHORTCUTS = [
  ...Object.keys(EVENTS),
  "onTranscriptionForLanguage",
  "onTranslationForLanguage",
  "onTouchEvent",
  "onCustomMessage",
  "onSettingsUpdate",
  "onSettingChange",
];

/** Second names. */
const OF_EVENTS = { ontranslationForLanguage: "onTranslationForLanguage" };
const OF_SETTINGS = {
  onMentraosSettingChange: "onMentraosChange",
  onMentraosSettingsChange: "onMentraosChange",
  getMentraosSetting: "getMentraOS",
};

/** @type {any} with what is of the package's own files only */
const Base = Main;

export class TpaSession extends Base {
  #url;
  /** @type {any} what was last told of it */
  #wifi = null;
  /** @type {Device | undefined} */
  #device;

  static {
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
    this.#url = urlOf(options);
  }

  get events() {
    return alsoNamed(super.events, OF_EVENTS);
  }

  get settings() {
    return alsoNamed(super.settings, OF_SETTINGS);
  }

  get device() {
    return (this.#device ??= new Device(this));
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
    return typeof this.#url === "string" ? httpOf(this.#url) : undefined;
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
    this.settings[TAKE]("", { config });
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
   * Which streams are wanted is up to some settings.
   * @param {{ updateOnChange: string[], handler: (settings: any[]) => string[] }} options
   */
  setSubscriptionSettings({ updateOnChange, handler }) {
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
   * What the cloud tells, whoever listens.
   * @param {string} type
   * @param {any} frame
   */
  [TAKE](type, frame) {
    super[TAKE](type, frame);
    if (type === "glasses_connection_state") this.#wifi = frame?.wifi ?? null;
    if (type === "device_state_update") this.device.state[TAKE](frame.state);
  }
}

/**
 * @param {any} part
 * @param {{ [name: string]: string }} names
 */
function alsoNamed(part, names) {
  for (const [name, known] of Object.entries(names)) part[name] ??= part[known];
  return part;
}

/** @param {any} setting a setting, or a heading */
function isSetting(setting) {
  return typeof setting?.key === "string" && setting.type !== "group";
}
