/**
 * Values that cross the boundary: fields of objects, messages, errors and promises.
 *
 * The fields of the app's objects are read here rather than in wasm: an exception that unwinds
 * through wasm leaves the wasm's stack pointer where it was.
 */

/**
 * @param {any} object
 * @param {string} field
 * @returns {any}
 */
export function get(object, field) {
  try {
    return object[field];
  } catch {
    return undefined;
  }
}

/**
 * @param {any} object
 * @param {string} field
 * @returns {string | undefined} the field's value where that is a string
 */
export function text(object, field) {
  const value = get(object, field);
  return typeof value === "string" ? value : undefined;
}

/**
 * Sets a field of an object that the session itself made.
 * @param {any} object
 * @param {string} field
 * @param {unknown} value
 */
export function set(object, field, value) {
  object[field] = value;
}

/**
 * The frame's text, with the fields that the app left out.
 * @param {{ [field: string]: unknown }} message
 * @param {string} type as read from the message, once
 * @param {string} packageName
 * @param {string | undefined} sessionId
 * @returns {string}
 */
export function encode(message, type, packageName, sessionId) {
  /** @type {{ [field: string]: unknown }} */
  const frame = { ...message, type };
  frame.packageName ??= packageName;
  frame.sessionId ??= sessionId;
  frame.timestamp ??= new Date().toISOString();
  return JSON.stringify(frame);
}

/**
 * Adds the session's id to a frame that was encoded before it was known, unless the frame has one.
 * @param {string} text
 * @param {string} sessionId
 * @returns {string}
 */
export function addSessionId(text, sessionId) {
  const frame = JSON.parse(text);
  frame.sessionId ??= sessionId;
  return JSON.stringify(frame);
}

/**
 * Length of a text in bytes of UTF-8.
 * @param {string} text
 * @returns {number}
 */
export function utf8Length(text) {
  return new TextEncoder().encode(text).length;
}

/**
 * An option of `send()`; null, which no option allows, where its getter throws.
 * @param {any} options
 * @param {string} field
 * @returns {unknown}
 */
export function option(options, field) {
  try {
    return options[field];
  } catch {
    return null;
  }
}

/**
 * A field as text; the items of a list are joined by commas. Undefined where it cannot be read.
 * @param {any} message
 * @param {string} field
 * @returns {string | undefined}
 */
export function fieldText(message, field) {
  try {
    const value = message[field];
    if (typeof value === "string") return value;
    return Array.isArray(value) ? texts(value).join() : undefined;
  } catch {
    return undefined;
  }
}

/**
 * One string or a list of them, as a list. Anything that is not a string, or whose getter throws,
 * becomes an empty string.
 * @param {any} value
 * @returns {string[]}
 */
export function texts(value) {
  try {
    return [value].flat().map((text) => (typeof text === "string" ? text : ""));
  } catch {
    return [""];
  }
}

/** Most characters of a string that an error repeats. */
const MAX_SHOWN = 100;

/** Rejection of `connect()`: the session ended before it was connected. */
export class TpaConnectionError extends Error {
  /**
   * @param {string} message
   * @param {{ code: number, reason: string, kind: string, attempts: number }} facts
   */
  constructor(message, facts) {
    super(message);
    this.name = "TpaConnectionError";
    Object.assign(this, facts);
  }
}

/**
 * The message for an argument or option with a wrong value.
 * @param {string} name
 * @param {string} allowed
 * @param {unknown[]} given the value, or nothing where it must not be shown
 * @returns {string}
 */
export function mustBe(name, allowed, ...given) {
  return [`${name}: must be ${allowed}`, ...given.map((value) => `not ${show(value)}`)].join(", ");
}

/**
 * The error for an option with a wrong value.
 * @param {string} name
 * @param {string} allowed
 * @param {unknown} given
 * @param {boolean} secret the value must not be shown
 * @returns {TypeError}
 */
export function optionError(name, allowed, given, secret) {
  return new TypeError(secret ? mustBe(name, allowed) : mustBe(name, allowed, given));
}

/**
 * A short description of a value.
 * @param {unknown} value
 * @returns {string}
 */
function show(value) {
  if (typeof value === "string") {
    return JSON.stringify(value.length > MAX_SHOWN ? `${value.slice(0, MAX_SHOWN)}…` : value);
  }
  if (typeof value === "function") return "a function";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" && value !== null ? "an object" : String(value);
}

/** A promise with its resolving functions. */
export class Deferred {
  constructor() {
    /** @type {Promise<any>} */
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }
}
