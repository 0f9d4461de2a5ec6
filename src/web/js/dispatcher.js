/**
 * From a socket's message to the app's handlers, without a detour through wasm memory.
 *
 * Decides nothing: what the session must act on is handed over to it, all else goes to
 * whoever listens.
 *
 * @typedef {(payload: any) => void} Handler
 * @typedef {object} Session what the session core wants to hear
 * @property {(socket: number, frame: any) => void} control a frame that it must act on
 * @property {(socket: number, fault: number) => void} malformed something that is no frame
 * @property {((what: string) => void) | undefined} unheard a frame that nobody listens to
 */

const NOT_JSON = 0;
const NOT_OBJECT = 1;
const NO_TYPE = 2;

export class Dispatcher {
  /**
   * @param {string[]} controlTypes types of the frames that the session must act on
   * @param {string[]} reserved events that no frame may pass itself off as
   * @param {Session} session
   */
  constructor(controlTypes, reserved, session) {
    /** @type {Map<string, Handler[]>} lists are replaced, never changed: one may be running */
    this.handlers = new Map();
    this.controlTypes = new Set(controlTypes);
    this.reserved = new Set(reserved);
    this.session = session;
  }

  /**
   * @param {string} event
   * @param {Handler} handler
   * @returns {() => void} its undo
   */
  on(event, handler) {
    this.handlers.set(event, [...(this.handlers.get(event) ?? []), handler]);
    let active = true;
    return () => {
      if (active) this.off(event, handler);
      active = false;
    };
  }

  /**
   * @param {string} event
   * @param {Handler} handler
   * @returns {() => void} its undo
   */
  once(event, handler) {
    /** @type {Handler & { original?: Handler }} */
    const wrapper = (payload) => {
      this.off(event, wrapper);
      handler(payload);
    };
    wrapper.original = handler;
    return this.on(event, wrapper);
  }

  /**
   * @param {string} event
   * @param {Handler & { original?: Handler }} handler as given to `on` or `once`
   */
  off(event, handler) {
    const list = this.handlers.get(event) ?? [];
    const index = list.findIndex(
      (/** @type {Handler & { original?: Handler }} */ each) => each === handler || each.original === handler,
    );
    if (index < 0) return;
    if (list.length === 1) this.handlers.delete(event);
    else
      this.handlers.set(
        event,
        list.filter((_, i) => i !== index),
      );
  }

  /**
   * Calls the handlers of an event. What they throw is reported as uncaught.
   * @param {string} event
   * @param {any} payload
   * @returns {boolean} whether there was one
   */
  emit(event, payload) {
    const list = this.handlers.get(event);
    if (list === undefined) return false;
    for (let i = 0; i < list.length; i++) {
      try {
        list[i](payload);
      } catch (error) {
        reportUncaught(error);
      }
    }
    return true;
  }

  /**
   * Listens to a socket's messages.
   * @param {any} socket
   * @param {number} id
   * @returns {() => void} its end: nothing is heard after it
   */
  attach(socket, id) {
    let attached = true;
    /** @type {(data: any, isBinary: boolean) => void} */
    const receive = (data, isBinary) => {
      if (!attached) return;
      if (isBinary) this.receiveBinary(data);
      else this.receiveText(data, id);
    };
    if (typeof socket.on === "function") {
      // The package `ws` gives a Buffer here, for half the time that its `onmessage` takes.
      socket.on("message", receive);
    } else {
      socket.binaryType = "arraybuffer";
      socket.onmessage = (/** @type {{ data: any }} */ event) =>
        receive(event.data, typeof event.data !== "string");
    }
    return () => {
      attached = false;
    };
  }

  /**
   * @param {any} text a string, or UTF-8 bytes that stringify to it
   * @param {number} socket
   */
  receiveText(text, socket) {
    let frame;
    try {
      frame = JSON.parse(text);
    } catch {
      return this.session.malformed(socket, NOT_JSON);
    }
    if (typeof frame !== "object" || frame === null || Array.isArray(frame)) {
      return this.session.malformed(socket, NOT_OBJECT);
    }
    const { type } = frame;
    if (type === "data_stream" && typeof frame.streamType === "string") {
      this.deliverStream(frame.streamType, frame.data);
    } else if (typeof type === "string" && type !== "") {
      this.deliverFrame(type, frame, socket);
    } else {
      this.session.malformed(socket, NO_TYPE);
    }
  }

  /** @param {any} data a Buffer, a view, an ArrayBuffer or a Blob */
  receiveBinary(data) {
    if (typeof data.arrayBuffer === "function") {
      data.arrayBuffer().then((/** @type {ArrayBuffer} */ buffer) => this.receiveBinary(buffer));
    } else if (!this.emit("audio_chunk", new AudioChunk(data))) {
      this.session.unheard?.("audio_chunk");
    }
  }

  /**
   * A stream is known by its name, by that with its language, and by the name alone.
   * @param {string} stream
   * @param {any} data
   */
  deliverStream(stream, data) {
    const colon = stream.indexOf(":");
    const name = colon > 0 ? stream.slice(0, colon) : stream;
    if (this.reserved.has(name)) return this.session.unheard?.(stream);
    let heard = this.emit(stream, data);
    if (colon > 0) {
      heard = this.emit(name, data) || heard;
    } else {
      const language = languageOf(stream, data);
      if (language !== undefined) heard = this.emit(`${stream}:${language}`, data) || heard;
    }
    if (!heard) this.session.unheard?.(stream);
  }

  /**
   * @param {string} type
   * @param {any} frame
   * @param {number} socket
   */
  deliverFrame(type, frame, socket) {
    const heard = !this.reserved.has(type) && this.emit(type, frame);
    if (this.controlTypes.has(type)) this.session.control(socket, frame);
    else if (!heard) this.session.unheard?.(type);
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
 * @returns {string | undefined} the part of a stream's full name that the data carries
 */
function languageOf(stream, data) {
  if (stream === "transcription") return data?.transcribeLanguage;
  if (stream === "translation" && data?.translateLanguage !== undefined) {
    return `${data.transcribeLanguage}-to-${data.translateLanguage}`;
  }
  return undefined;
}

/** @param {unknown} error */
function reportUncaught(error) {
  if (typeof reportError === "function") return reportError(error);
  queueMicrotask(() => {
    throw error;
  });
}
