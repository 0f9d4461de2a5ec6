/** What the platform's Node SDK calls by other names, or in other places. */
import { Events } from "./events.js";
import { Settings } from "./settings.js";
import { text } from "./check.js";

/** What the core dials where no URL is given. */
const DEFAULT_URL = "ws://localhost:8002/tpa-ws";

/** @type {[any, string, string][]} methods of the parts, by a second name */
const ALIASES = [
  [Events, "ontranslationForLanguage", "onTranslationForLanguage"],
  [Settings, "onMentraosSettingChange", "onMentraosChange"],
  [Settings, "onMentraosSettingsChange", "onMentraosChange"],
  [Settings, "getMentraosSetting", "getMentraOS"],
];

/**
 * A session with the SDK's shortcuts to its parts.
 * @param {any} Session
 * @returns {any}
 */
export function compatible(Session) {
  class Compatible extends Session {
    #url;

    /** @param {any} options */
    constructor(options) {
      super(options);
      this.#url = options.augmentOSWebsocketUrl ?? options.mentraOSWebsocketUrl ?? DEFAULT_URL;
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
      this.events["emit"]("settings_update", { settings });
    }

    getConfig() {
      return this.settings.getConfig();
    }

    /** @param {string} json */
    loadConfigFromJson(json) {
      return this.settings.takeConfig(JSON.parse(text("jsonData", json)));
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
     * Which streams are wanted is up to some settings. The brackets keep the name, which is one
     * of those that are shortened.
     * @param {{ updateOnChange: string[], handler: (settings: any[]) => string[] }} options
     */
    setSubscriptionSettings({ updateOnChange, ["handler"]: streams }) {
      /** @type {string[]} */
      let before = [];
      const update = () => {
        const after = streams(this.getSettings());
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

    /** @param {string} [reason] */
    requestWifiSetup(reason) {
      return this.send({ type: "request_wifi_setup", reason });
    }

    /** Where the cloud answers HTTP, whoever says where it is. */
    async httpUrl() {
      return httpOf(typeof this.#url === "function" ? await this.#url() : this.#url);
    }
  }
  for (const name of Object.getOwnPropertyNames(Events.prototype)) {
    if (/^on[A-Z]/.test(name)) {
      define(Compatible, name, function (/** @type {any} */ ...args) {
        return this.events[name](...args);
      });
    }
  }
  return Compatible;
}

for (const [Part, name, known] of ALIASES) define(Part, name, Part.prototype[known]);

/**
 * @param {any} Class
 * @param {string} name
 * @param {(this: any, ...args: any[]) => any} value
 */
function define({ prototype }, name, value) {
  Object.defineProperty(prototype, name, { value });
}

/** @param {string} url */
function httpOf(url) {
  return new URL(url).origin.replace(/^ws/, "http");
}

/** @param {any} setting a setting, or a heading */
function isSetting(setting) {
  return typeof setting?.key === "string" && setting.type !== "group";
}
