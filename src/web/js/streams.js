/**
 * Streams of the cloud, and messages of the app.
 *
 * Names, methods of `session.events`, promised fields and subscriptions all derive from the list of
 * streams; CONTRIBUTING.md has the steps for a new one.
 *
 * @typedef {import("./receive.js").Connection} Connection
 * @typedef {{ packageName: string, sessionId: string | undefined, ids?: Ids | undefined }} Sender
 * @typedef {{ sessionId: string, text: string }} Ids text of the fields that every frame of a sender has
 */
import { get, text as textOf } from "./platform.js";

/**
 * Streams whose payload has a type, by name.
 *
 * - `method` of `session.events` listens to the stream; some streams have methods with parameters
 *   instead, in `pkg-template/src/session/events.js`.
 * - `fields` are always present; a payload without one of them is reported.
 */
export const STREAMS = /** @type {const} */ ({
  transcription: { method: "onTranscription", fields: ["text"] },
  translation: { fields: ["text"] },
  VAD: { method: "onVoiceActivity" },
  audio_chunk: { method: "onAudioChunk" },
  button_press: { method: "onButtonPress", fields: ["buttonId", "pressType"] },
  head_position: { method: "onHeadPosition", fields: ["position"] },
  touch_event: { fields: ["gesture_name"] },
  glasses_battery_update: { method: "onGlassesBattery", fields: ["level"] },
  phone_battery_update: { method: "onPhoneBattery", fields: ["level"] },
  glasses_connection_state: { method: "onGlassesConnectionState" },
  location_update: { method: "onLocation", fields: ["lat", "lng"] },
  vps_coordinates: { method: "onVpsCoordinates" },
  phone_notification: {
    method: "onPhoneNotifications",
    fields: ["title", "content"],
  },
  notification_dismissed: {},
  phone_notification_dismissed: { method: "onPhoneNotificationDismissed" },
  calendar_event: { method: "onCalendarEvent" },
  photo_taken: { method: "onPhotoTaken" },
  custom_message: { fields: ["action"] },
});

/** Further streams that an app can subscribe to; the protocol does not describe their payloads. */
export const UNTYPED_STREAMS = [
  "rtmp_stream_status",
  "managed_stream_status",
  "location_stream",
  "core_status_update",
  "video",
  "start_app",
  "stop_app",
  "open_dashboard",
  "photo_request",
  "settings_update_request",
  "all",
  "*",
];

/**
 * Types of frames that the package acts on, besides those that `dispatcher.js` names. A stream of such
 * a name is not delivered: its data is not such a frame. Responses that are also streams of the platform
 * (`photo_response`, `rtmp_stream_status`, `managed_stream_status`) are delivered.
 */
export const FRAME_TYPES = [
  "settings_update",
  "augmentos_settings_update",
  "mentraos_settings_update",
  "capabilities_update",
  "permission_error",
  "permission_denied",
  "device_state_update",
  "stream_status_check_response",
  "audio_play_response",
  "app_direct_message_response",
];

/** Payload of `audio_chunk`: a binary frame, PCM at 16 kHz. */
export class AudioChunk {
  /** @param {Uint8Array | ArrayBuffer} data @param {number} timestamp */
  constructor(data, timestamp) {
    this.bytes = ArrayBuffer.isView(data) ? data : new Uint8Array(data);
    this.sampleRate = 16000;
    this.timestamp = timestamp;
  }

  /** A copy where `bytes` is a view of a larger buffer, as the Buffers of `ws` are. */
  get arrayBuffer() {
    const { buffer, byteOffset, byteLength } = this.bytes;
    if (byteLength === buffer.byteLength) return buffer;
    return buffer.slice(byteOffset, byteOffset + byteLength);
  }
}

/**
 * The stream's name with the language or gesture of its data, if the data has one.
 * @param {string} stream
 * @param {any} data
 * @returns {string}
 */
export function nameWithVariant(stream, data) {
  if (stream === "touch_event") {
    const gesture = data?.gesture_name;
    return typeof gesture === "string" ? `touch_event:${gesture}` : stream;
  }
  const from = data?.transcribeLanguage;
  if (typeof from !== "string") return stream;
  if (stream === "transcription") return `transcription:${from}`;
  const to = data.translateLanguage;
  if (stream !== "translation" || typeof to !== "string") return stream;
  return `translation:${from}-to-${to}`;
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

const rules = new Map(MESSAGE_RULES.map((rule) => [rule[0], rule]));

/** Message that is ready to be sent: the text of its frame cannot change any more. */
export class Outgoing {
  /** @type {string | undefined} makes the message state */
  key = undefined;
  /** @type {number | undefined} time to wait, ms */
  ttl = undefined;
  replay = true;
  /** Number among the messages that passed the session by. */
  number = 0;
  /** Time by `performance.now()`, at most 1 ms old. */
  at = readClocks();

  /**
   * @param {any} message
   * @param {any} options
   * @param {Sender} sender
   * @throws {TypeError} for what is not a message, and for options with a wrong value
   */
  constructor(message, options, sender) {
    if (options !== undefined) this.read(options);
    const object = jsonObject(message);
    const type = get(object, "type");
    if (typeof type !== "string" || type === "")
      throw new TypeError("message.type: must be a non-empty string");
    this.message = message;
    try {
      this.text = frameText(object, type, sender);
    } catch (error) {
      throw new TypeError(`message: must be JSON: ${textOf(error, "message") ?? ""}`);
    }
    this.size = utf8Length(this.text);
    /** The id of the session was known. */
    this.isComplete = sender.sessionId !== undefined;
    const rule = rules.get(type);
    if (rule === undefined) return;
    if (rule[1] !== null) this.key ??= `${type}:${fieldText(object, rule[1]) ?? ""}`;
    if (rule[2] !== null) this.ttl ??= time(get(object, rule[2]));
    this.replay &&= rule[3];
  }

  /** Takes the options of `send()`; those that cannot be read are wrong. @param {any} options */
  read(options) {
    if (typeof options !== "object" || options === null) throw new TypeError("options: must be an object");
    const read = (/** @type {string} */ name) => {
      try {
        return options[name];
      } catch {
        return null;
      }
    };
    const [key, ttl, replay] = ["key", "ttl", "replay"].map(read);
    if (key !== undefined && typeof key !== "string") throw new TypeError("key: must be a string");
    this.key = key;
    this.ttl = time(ttl);
    if (ttl !== this.ttl) throw new TypeError("ttl: must be a number of milliseconds, 0 or more");
    if (replay !== undefined && typeof replay !== "boolean")
      throw new TypeError("replay: must be true or false");
    this.replay = replay ?? true;
  }
}

/** @param {any} value @returns {number | undefined} */
function time(value) {
  return typeof value === "number" && value >= 0 ? value : undefined;
}

/** Way of messages to a socket without a call into the session, while that permits it. */
export class Direct {
  /** @type {Connection | undefined} only while there is a permit */
  connection = undefined;
  until = 0;
  most = 0;
  mostBuffered = 0;
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
   * @param {number} until by `performance.now()`
   * @param {number} most bytes of all messages
   * @param {number} mostBuffered bytes in the socket before each message
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
    // It may run code of the app, which may end the permit.
    const { buffered } = connection;
    const { key, at } = outgoing;
    const bytes = this.bytes + outgoing.size;
    if (
      this.connection !== connection ||
      at >= this.until ||
      bytes > this.most ||
      buffered < 0 ||
      buffered > this.mostBuffered ||
      !outgoing.isComplete ||
      (key !== undefined && this.state !== undefined && this.state.key !== key)
    )
      return false;
    this.messages++;
    this.bytes = bytes;
    this.last = at;
    if (key !== undefined) {
      this.state = outgoing;
      outgoing.number = this.messages;
    }
    connection.send(outgoing.text);
    return true;
  }
}

/**
 * The object whose fields are sent: the message, or what its `toJSON()` returns.
 * @param {any} message
 * @returns {any}
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
 * The frame's text. Where the message is a plain object, the fields that it lacks are added to its text:
 * a copy of it would cost a fifth more.
 * @param {any} object as `jsonObject` returns it
 * @param {string} type as read from the object, once
 * @param {Sender} sender
 * @returns {string}
 */
function frameText(object, type, sender) {
  const { packageName, sessionId } = sender;
  const own = Object.getOwnPropertyDescriptor(object, "type");
  const lacksAll =
    sessionId !== undefined &&
    Object.getPrototypeOf(object) === Object.prototype &&
    own?.value === type &&
    own.enumerable &&
    !("toJSON" in object || "packageName" in object || "sessionId" in object || "timestamp" in object);
  if (!lacksAll) return encode(object, type, packageName, sessionId);
  if (sender.ids?.sessionId !== sessionId) {
    const ids = JSON.stringify({ packageName, sessionId });
    sender.ids = { sessionId, text: ids.slice(1, -1) };
  }
  return `${JSON.stringify(object).slice(0, -1)},${sender.ids.text},"timestamp":"${timestamp()}"}`;
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
  readClocks();
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

/** Time at which the clocks were read, by `Date.now()`. */
export let millisecond = NaN;
/** The same by `performance.now()`. */
let elapsed = 0;
/** `millisecond` as text, once it was needed. */
let isoText = "";

/**
 * Reads the clocks: `performance.now()`, which takes four times as long, at most once a millisecond. Where
 * `Date` stands still, as in a test, the time is too old, and the session asks the cloud earlier.
 * @returns {number} time by `performance.now()`, at most 1 ms old
 */
export function readClocks() {
  const now = Date.now();
  if (now !== millisecond) {
    elapsed = performance.now();
    isoText = "";
    millisecond = now;
  }
  return elapsed;
}

/** The time at which the clocks were read, as text. */
function timestamp() {
  return (isoText ||= new Date(millisecond).toISOString());
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
const NOT_ASCII = /[\u0080-\uffff]/;
/** Of Node, where for a card the encoder takes 0.1 µs and the search 0.25; in Chromium they take 0.6 and 0.02. */
const { process: node } = globalThis;

/** @param {string} text @returns {number} its length in bytes of UTF-8 */
export function utf8Length(text) {
  if (!node && !NOT_ASCII.test(text)) return text.length;
  const isShort = 3 * text.length <= BUFFER.length;
  return isShort ? encoder.encodeInto(text, BUFFER).written : encoder.encode(text).length;
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
