/** `session.settings`: settings of the app for this user, and settings of the system. */
import { Handlers } from "../../../src/web/js/dispatcher.js";
import { APPLY_FRAME } from "./internal-symbols.js";
import { handler, text } from "./validate.js";
import { keep, weight } from "./weight.js";
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
/** @type {ReadonlyMap<string, unknown>} */
const NO_VALUES = new Map();

export class Settings extends Unproxied {
  /** @type {readonly Setting[]} */
  #settings = NO_SETTINGS;
  /** @type {Config | undefined} */
  #config;
  /** @type {ReadonlyMap<string, unknown>} */
  #system = NO_VALUES;
  /** Bytes of the system's settings. */
  #systemWeight = 0;
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
    const isAck = type === "tpa_connection_ack";
    // The event `connected` has them too, unless they are ignored.
    if (isAck && Array.isArray(settings)) frame.settings = [];
    // What is ignored throws; the rest is applied all the same.
    try {
      if (isObject(config)) this.#config = keep("config", config);
    } finally {
      try {
        if (isAck || type === "settings_update") this.updateSettings(settings);
        else this.#updateSystem(settings);
        if (isAck) frame.settings = settings;
      } finally {
        this.#updateSystem(augmentosSettings ?? mentraosSettings);
      }
    }
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
    return this.#system.get(key) ?? fallback;
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
    keep("settings", settings);
    const before = values(this.#settings);
    const valid = settings.filter((setting) => typeof setting?.key === "string");
    this.#settings = valid.length > 0 ? valid : NO_SETTINGS;
    const after = values(this.#settings);
    const keys = Object.keys({ ...before, ...after });
    const changes = keys.map((key) => change(key, before[key], after[key]));
    return emitChanges(this.#handlers, APP, changes);
  }

  /**
   * Takes over the settings in a frame; those that it does not name stay, and are not looked at.
   *
   * @param {any} settings
   */
  #updateSystem(settings) {
    if (!isObject(settings)) return;
    keep("system settings", settings, this.#systemWeight);
    const system =
      this.#system === NO_VALUES ? new Map() : /** @type {Map<string, unknown>} */ (this.#system);
    this.#system = system;
    const changes = Object.keys(settings).map((key) => {
      const before = system.get(key);
      this.#systemWeight += weight([key, settings[key]], Infinity);
      if (system.has(key)) this.#systemWeight -= weight([key, before], Infinity);
      system.set(key, settings[key]);
      return change(key, before, settings[key]);
    });
    emitChanges(this.#handlers, SYSTEM, changes);
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
  const entries = settings.map(({ key, value }) => [key, value]);
  // Without a prototype: a setting may be named `constructor`.
  return Object.assign(Object.create(null), Object.fromEntries(entries));
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
 * @param {string} key
 * @param {unknown} oldValue
 * @param {unknown} newValue
 */
function change(key, oldValue, newValue) {
  return { key, oldValue, newValue };
}

/**
 * Emits all differences as one event, and returns them.
 *
 * @param {Handlers | undefined} handlers
 * @param {string} owner
 * @param {ReturnType<typeof change>[]} changes
 */
function emitChanges(handlers, owner, changes) {
  const changed = changes.filter(({ oldValue, newValue }) => !isSame(oldValue, newValue));
  const all = Object.fromEntries(changed.map(({ key, ...values }) => [key, values]));
  if (changed.length > 0) handlers?.emit(owner, all);
  return all;
}
