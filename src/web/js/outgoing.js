/**
 * Messages of the app on their way out, and the path on which they pass the session by.
 *
 * @typedef {import("./platform.js").Connection} Connection
 * @typedef {{ packageName: string, sessionId: string | undefined }} Sender
 * @typedef {{ key?: unknown, ttl?: unknown, replay?: unknown }} SendOptions
 */
import { get, text as textOf } from "./platform.js";
import { texts } from "./streams.js";

// The core defines this list; `tests/constants.rs` fails where they differ.

/**
 * Treatment of messages by type: the field that makes the key, the field that limits the time to wait,
 * and whether they may be sent once more.
 * @type {[string, string | null, string | null, boolean][]}
 */
export const MESSAGE_RULES = [
  ["display_event", "view", "durationMs", true],
  ["dashboard_content_update", "modes", null, true],
  ["dashboard_system_update", "section", null, true],
  ["dashboard_mode_change", null, null, false],
];

/** Message that is ready to be sent: the text of its frame cannot change any more. */
export class Outgoing {
  /** Number among the messages that passed the session by, and its time by `performance.now()`. */
  number = 0;
  at = 0;

  /**
   * @param {any} message
   * @param {SendOptions | undefined} options
   * @param {Sender} sender
   * @throws {TypeError} for what is not a message, and for options with a wrong value
   */
  constructor(message, options, sender) {
    /** @type {[string | undefined, number | undefined, boolean]} */
    let [key, ttl, replay] = NO_OPTIONS;
    if (options !== undefined) [key, ttl, replay] = read(options);
    const object = jsonObject(message);
    const type = get(object, "type");
    if (typeof type !== "string" || type === "")
      throw new TypeError("message.type: must be a non-empty string");
    const { packageName, sessionId } = sender;
    this.message = message;
    this.text = textOfFrame(object, type, packageName, sessionId);
    this.size = utf8Length(this.text);
    /** Whether it was made when the session's id was known. */
    this.isComplete = sessionId !== undefined;
    const rule = MESSAGE_RULES.find(([each]) => each === type);
    if (rule !== undefined) {
      const [, keyField, ttlField, isReplayable] = rule;
      if (keyField !== null) key ??= `${type}:${fieldText(object, keyField) ?? ""}`;
      if (ttlField !== null) ttl ??= time(get(object, ttlField));
      replay &&= isReplayable;
    }
    this.key = key;
    this.ttl = ttl;
    this.replay = replay;
  }
}

/** @type {[undefined, undefined, boolean]} */
const NO_OPTIONS = [undefined, undefined, true];

/** The way of messages to a socket without a call into the session, where that has permitted it. */
export class Direct {
  /** @type {Connection | undefined} only while there is a permit */
  connection = undefined;
  /** Bounds of the permit: time by `performance.now()`, bytes of all messages, and of the socket. */
  until = 0;
  most = 0;
  mostBuffered = 0;
  /** Number of messages under this permit, their bytes, and the time of the last. */
  messages = 0;
  bytes = 0;
  last = 0;
  /** @type {Outgoing | undefined} the last one with a key */
  state = undefined;

  /** @param {{ direct: Direct | undefined }} dispatcher */
  constructor(dispatcher) {
    dispatcher.direct = this;
  }

  /**
   * @param {Connection} connection
   * @param {number} until
   * @param {number} most
   * @param {number} mostBuffered
   */
  permit(connection, until, most, mostBuffered) {
    this.connection = connection;
    this.until = until;
    this.most = most;
    this.mostBuffered = mostBuffered;
    this.messages = 0;
    this.bytes = 0;
    this.state = undefined;
  }

  /** Ends the permit. @returns {number} the number of messages under it */
  end() {
    this.connection = undefined;
    return this.messages;
  }

  /**
   * Sends a message, if that is permitted.
   * @param {Outgoing} outgoing
   * @returns {boolean}
   */
  send(outgoing) {
    const { connection } = this;
    if (connection === undefined) return false;
    // Both may run code of the app, which may end the permit.
    const buffered = connection.buffered;
    const now = performance.now();
    const { key } = outgoing;
    const bytes = this.bytes + outgoing.size;
    const isPermitted =
      this.connection === connection &&
      now < this.until &&
      bytes <= this.most &&
      buffered >= 0 &&
      buffered <= this.mostBuffered &&
      outgoing.isComplete &&
      (key === undefined || this.state === undefined || this.state.key === key);
    if (!isPermitted) return false;
    this.messages++;
    this.bytes = bytes;
    this.last = now;
    if (key !== undefined) {
      this.state = outgoing;
      outgoing.number = this.messages;
      outgoing.at = now;
    }
    connection.send(outgoing.text);
    return true;
  }
}

/**
 * @param {any} options
 * @returns {[string | undefined, number | undefined, boolean]}
 */
function read(options) {
  if (typeof options !== "object" || options === null) throw new TypeError("options: must be an object");
  const [key, ttl, replay] = ["key", "ttl", "replay"].map((name) => option(options, name));
  if (key !== undefined && typeof key !== "string") throw new TypeError("key: must be a string");
  const millis = time(ttl);
  if (ttl !== millis) throw new TypeError("ttl: must be a number of milliseconds, 0 or more");
  if (replay !== undefined && typeof replay !== "boolean")
    throw new TypeError("replay: must be true or false");
  return [key, millis, replay ?? true];
}

/** @param {any} value @returns {number | undefined} */
function time(value) {
  return typeof value === "number" && value >= 0 ? value : undefined;
}

/**
 * @param {any} object
 * @param {string} type
 * @param {string} packageName
 * @param {string | undefined} sessionId
 */
function textOfFrame(object, type, packageName, sessionId) {
  try {
    return encode(object, type, packageName, sessionId);
  } catch (error) {
    throw new TypeError(`message: must be JSON: ${textOf(error, "message") ?? ""}`);
  }
}

/**
 * The object whose fields are sent: the message, or what its `toJSON()` returns.
 * @param {any} message
 * @returns {object}
 * @throws {TypeError} for a message that is no object in JSON
 */
export function jsonObject(message) {
  let object = message;
  try {
    if (typeof message?.toJSON === "function") object = message.toJSON("");
  } catch (error) {
    throw new TypeError(`message: must be JSON: ${textOf(error, "message") ?? "toJSON() threw"}`);
  }
  if (typeof object === "object" && object !== null && !Array.isArray(object)) return object;
  throw new TypeError("message: must be an object with a type");
}

/**
 * The frame's text, with the fields that the app left out.
 * @param {{ [field: string]: unknown }} object as `jsonObject` returns it
 * @param {string} type as read from the object, once
 * @param {string} packageName
 * @param {string | undefined} sessionId
 * @returns {string}
 */
export function encode(object, type, packageName, sessionId) {
  /** @type {{ [field: string]: unknown }} */
  const frame = copy(object);
  frame.type = type;
  // It has been called.
  if (typeof frame.toJSON === "function") frame.toJSON = undefined;
  frame.packageName ??= packageName;
  frame.sessionId ??= sessionId;
  frame.timestamp ??= timestamp();
  return JSON.stringify(frame);
}

/**
 * A copy whose fields can be added to. One that a spread makes takes ten times as long.
 * @param {object} object
 * @returns {any}
 */
function copy(object) {
  // Assigning such a field would set the prototype.
  return Object.hasOwn(object, "__proto__") ? { ...object } : Object.assign({}, object);
}

let millisecond = NaN;
let isoText = "";

/** The time as text, which is made once for each millisecond. */
function timestamp() {
  const now = Date.now();
  if (now !== millisecond) {
    isoText = new Date(now).toISOString();
    millisecond = now;
  }
  return isoText;
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

/** Space for the longest text whose bytes are counted without memory of its own. */
const BUFFER = new Uint8Array(4096);
const encoder = new TextEncoder();

/** @param {string} text @returns {number} its length in bytes of UTF-8 */
export function utf8Length(text) {
  const isShort = 3 * text.length <= BUFFER.length;
  return isShort ? encoder.encodeInto(text, BUFFER).written : encoder.encode(text).length;
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
