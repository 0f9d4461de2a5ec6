/** `session.settings`: the app's settings as the user has them, and those of the system. */
import { handler, text } from "./validate.js";
import { APPLY_FRAME } from "./internal-symbols.js";

/**
 * @typedef {import("../../../src/web/js/dispatcher.js").Handlers} Handlers
 * @typedef {{ key: string, value?: unknown, defaultValue?: unknown }} Setting
 * @typedef {{ settings?: Setting[] }} Config
 */

/** Whose settings change. */
const APP = "app";
const SYSTEM = "system";

export class Settings {
  /** @type {Setting[]} */
  #settings = [];
  /** @type {Config | undefined} */
  #config;
  /** @type {{ [key: string]: unknown }} */
  #system = {};
  #changes;

  /** @param {Handlers} changes who wants to know of a change of settings: the app's, the system's */
  constructor(changes) {
    this.#changes = changes;
  }

  /**
   * @param {string} type
   * @param {any} frame
   */
  [APPLY_FRAME](type, frame) {
    const { settings, config, augmentosSettings, mentraosSettings } = frame;
    if (isObject(config)) this.#config = config;
    if (type === "tpa_connection_ack" || type === "settings_update") this.updateSettings(settings);
    else this.#takeSystem(settings);
    this.#takeSystem(augmentosSettings ?? mentraosSettings);
  }

  /**
   * @param {string} key
   * @param {any} [otherwise] for a setting that has neither a value nor a default
   */
  get(key, otherwise) {
    const { value, defaultValue } = this.getSetting(key) ?? {};
    return value ?? defaultValue ?? this.#default(key) ?? otherwise;
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

  /** @param {any} of gets `{[key]: {oldValue, newValue}}` */
  onChange(of) {
    return this.#changes.on(APP, handler("handler", of));
  }

  /**
   * @param {string} key
   * @param {any} of gets the new value and the one before
   */
  onValueChange(key, of) {
    return onKey(this.#changes, APP, key, of);
  }

  /**
   * @param {string} key
   * @param {any} [otherwise]
   */
  getMentraOS(key, otherwise) {
    return this.#system[key] ?? otherwise;
  }

  /**
   * @param {string} key
   * @param {any} of gets the new value and the one before
   */
  onMentraosChange(key, of) {
    return onKey(this.#changes, SYSTEM, key, of);
  }

  /** @param {string} key */
  #default(key) {
    const settings = this.#config?.settings;
    if (!Array.isArray(settings)) return undefined;
    return settings.find((setting) => setting?.key === key)?.defaultValue;
  }

  /**
   * @param {any} settings
   * @returns {object} what changed
   */
  updateSettings(settings) {
    if (!Array.isArray(settings)) return {};
    const before = values(this.#settings);
    this.#settings = settings.filter((setting) => typeof setting?.key === "string");
    return tell(this.#changes, APP, before, values(this.#settings));
  }

  /** @param {any} settings */
  #takeSystem(settings) {
    if (!isObject(settings)) return;
    const before = this.#system;
    this.#system = { ...before, ...settings };
    tell(this.#changes, SYSTEM, before, this.#system);
  }
}

/** @param {any} value */
function isObject(value) {
  return typeof value === "object" && value !== null;
}

/**
 * @param {Setting[]} settings
 * @returns {{ [key: string]: unknown }}
 */
function values(settings) {
  return Object.fromEntries(settings.map(({ key, value }) => [key, value]));
}

/**
 * @param {Handlers} changes
 * @param {string} whose
 * @param {string} key
 * @param {any} of
 */
function onKey(changes, whose, key, of) {
  text("key", key);
  handler("handler", of);
  return changes.on(whose, (change) => {
    if (Object.hasOwn(change, key)) of(change[key].newValue, change[key].oldValue);
  });
}

/**
 * Tells what differs, all at once.
 * @param {Handlers} changes
 * @param {string} whose
 * @param {{ [key: string]: unknown }} before
 * @param {{ [key: string]: unknown }} after
 */
function tell(changes, whose, before, after) {
  const keys = Object.keys({ ...before, ...after });
  const changed = keys.filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]));
  const entries = changed.map((key) => [key, { oldValue: before[key], newValue: after[key] }]);
  const change = Object.fromEntries(entries);
  if (changed.length > 0) changes.emit(whose, change);
  return change;
}
