/**
 * From a socket's message to the app's handlers, without a detour through wasm memory.
 *
 * Decides nothing: what the session must act on is handed over to it, all else goes to
 * whoever listens.
 *
 * @typedef {(payload: any) => void} Handler
 * @typedef {{ handler: Handler, once: boolean, quiet: boolean, active: boolean }} Registration
 * @typedef {ReturnType<typeof rulesOf>} Rules
 * @typedef {(what: number, socket: number, value?: any) => void} Tell the session's one ear
 */

import { Link } from "./socket.js";

/** As in told.rs. */
const NOT_JSON = 0;
const NOT_OBJECT = 1;
const NO_TYPE = 2;
const CONTROL = 3;
const UNHEARD = 4;
const INCOMPLETE = 5;

const GLASSES = "glasses_connection_state";

/** What an app may count on, by stream or type of frame. */
const PROMISED = new Map(
  Object.entries({
    transcription: "text",
    translation: "text",
    button_press: "buttonId pressType",
    head_position: "position",
    touch_event: "gesture_name",
    location_update: "lat lng",
    glasses_battery_update: "level",
    phone_battery_update: "level",
    phone_notification: "title content",
    custom_message: "action",
    settings_update: "settings",
    dashboard_mode_changed: "mode",
    permission_error: "details",
  }),
);

/**
 * @param {string[]} control types of the frames that the session must act on
 * @param {string[]} reserved events that no text frame may pass itself off as
 * @param {[string, string][]} renamed frame types whose event has another name
 */
export function rulesOf(control, reserved, renamed) {
  return { control: new Set(control), reserved: new Set(reserved), renamed: new Map(renamed) };
}

/** @type {Rules | undefined} they are the same for all sessions, and weigh 1.5 kB */
let rules;

/**
 * A dispatcher, for wasm.
 * @param {string[]} control
 * @param {string[]} reserved
 * @param {[string, string][]} renamed
 * @param {Tell} tell
 * @param {boolean} notes
 * @returns {Dispatcher}
 */
export function dispatch(control, reserved, renamed, tell, notes) {
  return new Dispatcher((rules ??= rulesOf(control, reserved, renamed)), tell, notes);
}

/** Handlers by event. */
export class Handlers {
  /** @type {Map<string, Registration[]>} lists are replaced, never changed: one may be running */
  handlers = new Map();

  /** Whether one of the events is that of a language or a gesture. */
  detailed = false;

  /** Called when it may have changed what is listened to. */
  changed() {}

  /**
   * @param {string} event
   * @param {Handler} handler
   * @param {boolean} [once]
   * @param {boolean} [quiet] takes what comes, and does not mean that it is wanted
   * @returns {() => void} its undo
   */
  on(event, handler, once = false, quiet = false) {
    check(event, handler);
    const registration = { handler, once, quiet, active: true };
    const list = this.handlers.get(event) ?? [];
    // Events are in the order in which they were first wanted.
    if (!quiet && list.every(({ quiet }) => quiet)) this.handlers.delete(event);
    this.put(event, [...list, registration]);
    return () => this.remove(event, registration);
  }

  /** The events that somebody wants. */
  wanted() {
    const lists = [...this.handlers].filter(([, list]) => list.some(({ quiet }) => !quiet));
    return lists.map(([event]) => event);
  }

  /**
   * Removes the handler's oldest registration.
   * @param {string} event
   * @param {Handler} handler
   */
  off(event, handler) {
    check(event, handler);
    const registration = this.handlers.get(event)?.find((each) => each.handler === handler);
    if (registration !== undefined) this.remove(event, registration);
  }

  /**
   * @param {string} event
   * @param {Registration} registration
   */
  remove(event, registration) {
    if (!registration.active) return;
    registration.active = false;
    this.put(
      event,
      (this.handlers.get(event) ?? []).filter((each) => each !== registration),
    );
  }

  /**
   * @param {string} event
   * @param {Registration[]} list
   */
  put(event, list) {
    if (list.length === 0) this.handlers.delete(event);
    else this.handlers.set(event, list);
    this.detailed = [...this.handlers.keys()].join().includes(":");
    this.changed();
  }

  /**
   * Calls the handlers of an event. What they throw is reported as uncaught. Handlers of a
   * frame are called only as long as its socket may be heard: one of them may end the session.
   * @param {string} event
   * @param {any} payload
   * @param {Link} [link] where the frame came from
   * @returns {boolean} whether there was one
   */
  emit(event, payload, link) {
    const list = this.handlers.get(event);
    if (list === undefined) return false;
    for (let i = 0; i < list.length; i++) {
      const registration = list[i];
      if (link !== undefined && !link.attached) return true;
      if (!registration.active) continue;
      if (registration.once) this.remove(event, registration);
      try {
        // Taken out first: a handler is called as a function, not as a method of its registration.
        const { handler } = registration;
        handler(payload);
      } catch (error) {
        reportUncaught(error);
      }
    }
    return true;
  }
}

export class Dispatcher extends Handlers {
  /**
   * @param {Rules} rules
   * @param {Tell} tell
   * @param {boolean} [notes] whether frames that are odd, and no fault, are told
   */
  constructor({ control, reserved, renamed }, tell, notes = true) {
    super();
    this.controlTypes = control;
    this.reserved = reserved;
    this.renamed = renamed;
    this.tell = tell;
    this.notes = notes;
    /** Frames that came, on all sockets. */
    this.received = 0;
    /** @type {Set<string> | undefined} streams and types that were incomplete */
    this.noted = undefined;
  }

  /**
   * Called with each frame before its handlers, and with the data of one stream, which says
   * more of the glasses than what it brings to those who asked for it.
   * @param {string} _type
   * @param {any} _frame
   */
  heard(_type, _frame) {}

  /**
   * Listens to a socket's messages.
   * @param {any} socket
   * @param {number} id
   * @returns {Link}
   */
  attach(socket, id) {
    const link = new Link(socket, id, this);
    /** @type {(data: any, isBinary: boolean) => void} */
    const receive = (data, isBinary) => {
      const { dispatcher } = link;
      if (dispatcher === undefined) return;
      link.heardAt = performance.now();
      dispatcher.received++;
      if (isBinary) dispatcher.receiveBinary(data, link);
      else dispatcher.receiveText(data, link);
    };
    if (typeof socket.on === "function" && typeof socket.terminate === "function") {
      // The package `ws` gives a Buffer here, for half the time that its `onmessage` takes.
      // Before its version 8 it gave no flag, and text as a string.
      socket.on("message", (/** @type {any} */ data, /** @type {boolean} */ isBinary) =>
        receive(data, isBinary ?? typeof data !== "string"),
      );
      socket.on("ping", () => {
        link.heardAt = performance.now();
      });
    } else {
      socket.binaryType = "arraybuffer";
      socket.onmessage = (/** @type {{ data: any }} */ event) =>
        receive(event.data, typeof event.data !== "string");
    }
    return link;
  }

  /**
   * @param {any} text a string, or UTF-8 bytes that stringify to it
   * @param {Link} link
   */
  receiveText(text, link) {
    let frame;
    try {
      frame = JSON.parse(text);
    } catch {
      return this.tell(NOT_JSON, link.id);
    }
    if (typeof frame !== "object" || frame === null || Array.isArray(frame)) {
      return this.tell(NOT_OBJECT, link.id);
    }
    const { type } = frame;
    if (type === "data_stream" && typeof frame.streamType === "string") {
      this.deliverStream(frame.streamType, frame.data, link);
    } else if (typeof type === "string" && type !== "") {
      this.deliverFrame(type, frame, link);
    } else {
      this.tell(NO_TYPE, link.id);
    }
  }

  /**
   * @param {any} data a Buffer, a view, an ArrayBuffer or a Blob
   * @param {Link} link
   */
  receiveBinary(data, link) {
    if (typeof data.arrayBuffer === "function") {
      data.arrayBuffer().then(
        (/** @type {ArrayBuffer} */ buffer) => this.receiveBinary(buffer, link),
        () => this.tell(NOT_OBJECT, link.id),
      );
    } else if (!this.emit("audio_chunk", new AudioChunk(data), link)) {
      this.unheard("audio_chunk");
    }
  }

  /**
   * A stream is known by its name, by that with its language, and by the name alone.
   * @param {string} stream
   * @param {any} data
   * @param {Link} link
   */
  deliverStream(stream, data, link) {
    const colon = stream.indexOf(":");
    const name = colon > 0 ? stream.slice(0, colon) : stream;
    if (this.reserved.has(name)) return this.unheard(stream);
    this.note(name, data);
    if (name === GLASSES) this.heard(name, data);
    let heard = this.emit(stream, data, link);
    const other = colon < 0 && this.detailed ? fullName(stream, data) : name;
    if (other !== stream) heard = this.emit(other, data, link) || heard;
    if (!heard) this.unheard(stream);
  }

  /** @param {string} name of a frame or stream that nobody listens to */
  unheard(name) {
    if (this.notes) this.tell(UNHEARD, 0, name);
  }

  /**
   * What lacks something is delivered as it came; it is reported once.
   * @param {string} name
   * @param {any} data
   */
  note(name, data) {
    if (!this.notes || this.noted?.has(name)) return;
    const lacks = PROMISED.get(name)
      ?.split(" ")
      .find((field) => data?.[field] === undefined);
    if (lacks === undefined) return;
    (this.noted ??= new Set()).add(name);
    this.tell(INCOMPLETE, 0, `${name} without ${lacks}`);
  }

  /**
   * @param {string} type
   * @param {any} frame
   * @param {Link} link
   */
  deliverFrame(type, frame, link) {
    this.note(type, frame);
    this.heard(type, frame);
    const event = this.renamed.get(type) ?? type;
    const heard = !this.reserved.has(event) && this.emit(event, frame, link);
    if (this.controlTypes.has(type)) this.tell(CONTROL, link.id, frame);
    else if (!heard) this.unheard(type);
  }
}

/** A binary frame: 16 kHz PCM audio. */
class AudioChunk {
  /** @param {Uint8Array | ArrayBuffer} data */
  constructor(data) {
    this.bytes = ArrayBuffer.isView(data) ? data : new Uint8Array(data);
    this.sampleRate = 16000;
    this.timestamp = Date.now();
  }

  /** Made when asked for: a Buffer of `ws` is a view of a larger pool. */
  get arrayBuffer() {
    const { buffer, byteOffset, byteLength } = this.bytes;
    if (byteLength === buffer.byteLength) return buffer;
    return buffer.slice(byteOffset, byteOffset + byteLength);
  }
}

/**
 * @param {string} stream
 * @param {any} data
 * @returns {string} the stream's name with the language, or the gesture, that the data carries, if any
 */
function fullName(stream, data) {
  if (stream === "touch_event") return `touch_event:${data?.gesture_name}`;
  const from = data?.transcribeLanguage;
  if (typeof from !== "string") return stream;
  if (stream === "transcription") return `transcription:${from}`;
  const to = data.translateLanguage;
  if (stream !== "translation" || typeof to !== "string") return stream;
  return `translation:${from}-to-${to}`;
}

/**
 * @param {unknown} event
 * @param {unknown} handler
 */
function check(event, handler) {
  if (typeof event !== "string" || event === "") throw new TypeError("event: must be a non-empty string");
  if (typeof handler !== "function") throw new TypeError("handler: must be a function");
}

/** @param {unknown} error */
function reportUncaught(error) {
  try {
    if (typeof reportError === "function") return reportError(error);
  } catch {
    // A page may have put a function of its own there.
  }
  queueMicrotask(() => {
    throw error;
  });
}
