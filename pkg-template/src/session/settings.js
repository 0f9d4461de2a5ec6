/** `session.settings`: settings of the app for this user, and settings of the system. */
import { Handlers } from "../../../src/web/js/dispatcher.js";
import { APPLY_FRAME } from "./internal-symbols.js";
import { handler, text } from "./validate.js";
import { Unproxied } from "./unproxied.js";

/**
 * @typedef {{ key: string, value?: unknown, defaultValue?: unknown }} Setting
 * @typedef {{ settings?: Setting[] }} Config
 */

/** Events of the changes. */
const APP = "app";
const SYSTEM = "system";

/** @type {readonly any[]} shared, since most sessions have no settings */
const NO_SETTINGS = [];
/** @type {{ [key: string]: unknown }} */
const NO_VALUES = {};

export class Settings extends Unproxied {
  /** @type {readonly Setting[]} */
  #settings = NO_SETTINGS;
  /** @type {Config | undefined} */
  #config;
  /** @type {{ [key: string]: unknown }} */
  #system = NO_VALUES;
  #dispatcher;
  /** @type {Handlers | undefined} handlers of changes, by owner of the settings: app or system */
  #handlers;

  /** @param {import("../../../src/web/js/dispatcher.js").Dispatcher} dispatcher of the session */
  constructor(dispatcher) {
    super();
    this.#dispatcher = dispatcher;
  }

  get #changes() {
    if (this.#handlers === undefined) {
      this.#handlers = new Handlers();
      this.#handlers.onFailure = (_event, error) => this.#dispatcher.onFailure("settings", error);
    }
    return this.#handlers;
  }

  /**
   * @param {string} type
   * @param {any} frame
   */
  [APPLY_FRAME](type, frame) {
    const { settings, config, augmentosSettings, mentraosSettings } = frame;
    if (isObject(config)) this.#config = config;
    if (type === "tpa_connection_ack" || type === "settings_update") this.updateSettings(settings);
    else this.#updateSystem(settings);
    this.#updateSystem(augmentosSettings ?? mentraosSettings);
  }

  /**
   * @param {string} key
   * @param {any} [fallback] for a setting without a value and a default
   */
  get(key, fallback) {
    const { value, defaultValue } = this.getSetting(key) ?? {};
    return value ?? defaultValue ?? this.#default(key) ?? fallback;
  }

  getAll() {
    return [...this.#settings];
  }

  /** @param {string} key */
  has(key) {
    return this.getSetting(key) !== undefined;
  }

  /** @param {string} key */
  getSetting(key) {
    return this.#settings.find((setting) => setting.key === key);
  }

  getConfig() {
    return this.#config ?? null;
  }

  /** @param {any} callback called with `{[key]: {oldValue, newValue}}` */
  onChange(callback) {
    return this.#changes.on(APP, handler("handler", callback));
  }

  /**
   * @param {string} key
   * @param {any} callback called with the new and the old value
   */
  onValueChange(key, callback) {
    return onKey(this.#changes, APP, key, callback);
  }

  /**
   * @param {string} key
   * @param {any} [fallback]
   */
  getMentraOS(key, fallback) {
    return this.#system[key] ?? fallback;
  }

  /**
   * @param {string} key
   * @param {any} callback called with the new and the old value
   */
  onMentraosChange(key, callback) {
    return onKey(this.#changes, SYSTEM, key, callback);
  }

  /** @param {string} key */
  #default(key) {
    const settings = this.#config?.settings;
    if (!Array.isArray(settings)) return undefined;
    return settings.find((setting) => setting?.key === key)?.defaultValue;
  }

  /**
   * @param {any} settings
   * @returns {object} changes by key
   */
  updateSettings(settings) {
    if (!Array.isArray(settings)) return {};
    const before = values(this.#settings);
    const valid = settings.filter((setting) => typeof setting?.key === "string");
    this.#settings = valid.length > 0 ? valid : NO_SETTINGS;
    return emitChanges(this.#handlers, APP, before, values(this.#settings));
  }

  /** @param {any} settings */
  #updateSystem(settings) {
    if (!isObject(settings)) return;
    const before = this.#system;
    this.#system = { ...before, ...settings };
    emitChanges(this.#handlers, SYSTEM, before, this.#system);
  }
}

/** @param {any} value */
function isObject(value) {
  return typeof value === "object" && value !== null;
}

/**
 * @param {readonly Setting[]} settings
 * @returns {{ [key: string]: unknown }}
 */
function values(settings) {
  return Object.fromEntries(settings.map(({ key, value }) => [key, value]));
}

/**
 * @param {Handlers} changes
 * @param {string} owner
 * @param {string} key
 * @param {any} callback
 */
function onKey(changes, owner, key, callback) {
  text("key", key);
  handler("handler", callback);
  return changes.on(owner, (change) => {
    if (Object.hasOwn(change, key)) return callback(change[key].newValue, change[key].oldValue);
  });
}

/**
 * Compares two values of JSON. Values that are nested too deeply to compare count as different.
 *
 * @param {unknown} before
 * @param {unknown} after
 */
function isSame(before, after) {
  try {
    return JSON.stringify(before) === JSON.stringify(after);
  } catch {
    return false;
  }
}

/**
 * Emits all differences as one event, and returns them.
 *
 * @param {Handlers | undefined} changes
 * @param {string} owner
 * @param {{ [key: string]: unknown }} before
 * @param {{ [key: string]: unknown }} after
 */
function emitChanges(changes, owner, before, after) {
  const keys = Object.keys({ ...before, ...after });
  const changed = keys.filter((key) => !isSame(before[key], after[key]));
  const entries = changed.map((key) => [key, { oldValue: before[key], newValue: after[key] }]);
  const change = Object.fromEntries(entries);
  if (changed.length > 0) changes?.emit(owner, change);
  return change;
}
