/** One connection of an app: its end and the cloud's, and what is on the line between them. */

export const CONNECTING = 0;
export const OPEN = 1;
export const CLOSING = 2;
export const CLOSED = 3;

/** Bytes that the system takes from a socket whose peer does not read. */
const SYSTEM_BUFFER = 256 * 1024;

/** Longest reason of a close frame, in bytes of UTF-8. */
const MAX_REASON = 123;

/** Time in ms for the peer to answer a close frame. */
const CLOSE_TIMEOUT = 30_000;

const encoder = new TextEncoder();

/**
 * @typedef {{ type: "text", text: string } | { type: "binary", bytes: Uint8Array<ArrayBuffer> }
 *   | { type: "close", code: number, reason: string }} Frame A frame of the cloud, or its close frame.
 * @typedef {Frame | { type: "ping" }} Delivery
 * @typedef {Delivery | { type: "cut" } | { type: "freeze", frozen: boolean }} SocketOutput
 * @typedef {{ size: number } & (
 *   | { frame: string | Uint8Array | Blob, code?: undefined, reason?: undefined }
 *   | { frame?: undefined, code: number, reason: string }
 * )} Upward A frame or a close frame of the app, with the bytes that count as buffered.
 *
 * @typedef {object} Line What sockets see of the cloud.
 * @property {(call: () => void) => void} pass Calls after the latency, in order.
 * @property {(link: Link, url: URL) => number | string} open Returns the id of the connection, or why
 *   it is not accepted.
 * @property {() => void} drain
 * @property {(id: number, frame: string | Uint8Array) => void} frame
 * @property {(id: number) => void} pong
 * @property {(id: number, code: number, reason: string) => void} closed
 * @property {(id: number) => void} gone
 *
 * @typedef {((event: any) => void) & { handler?: Function }} Listener
 */

/** What a real constructor throws, and in Node a DOMException too. */
export const syntaxError = (/** @type {string} */ message) => new DOMException(message, "SyntaxError");

/** One connection: the socket on the app's side, and the server's on the cloud's. */
export class Link {
  /** @type {number} */
  readyState = CONNECTING;
  binaryType = "blob";
  /** @type {{ [type: string]: Listener | undefined }} */
  handlers = {};
  /** Bytes that the system has not taken. */
  buffered = 0;
  /** @type {URL} */
  url;
  #socket;
  #line;
  /**
   * Number of the connection in the cloud, while it is open there.
   *
   * @type {number | undefined}
   */
  #id;
  /**
   * Frames that are not on the line yet: a Blob whose bytes are being read, and what follows it.
   *
   * @type {Upward[]}
   */
  #unsent = [];
  /**
   * Frames that the cloud does not read, because the connection is frozen.
   *
   * @type {(Upward & { taken: boolean })[]}
   */
  #unread = [];
  #unreadBytes = 0;
  /**
   * What the cloud does not write for the same reason.
   *
   * @type {Delivery[]}
   */
  #unwritten = [];
  #isFrozen = false;
  #hasSentClose = false;

  /**
   * @param {EventTarget} socket
   * @param {Line} line
   * @param {URL} url
   */
  constructor(socket, line, url) {
    this.#socket = socket;
    this.#line = line;
    this.url = url;
    line.pass(() => this.#dial());
  }

  #dial() {
    // Aborted meanwhile.
    if (this.readyState !== CONNECTING) return;
    const id = this.#line.open(this, this.url);
    if (typeof id !== "number") return this.#line.pass(() => this.#fail());
    this.#id = id;
    this.#line.pass(() => {
      if (this.readyState !== CONNECTING) return;
      this.readyState = OPEN;
      this.#dispatch("open");
    });
    this.#line.drain();
  }

  /** @param {string | Blob | ArrayBuffer | ArrayBufferView} data */
  send(data) {
    if (this.readyState === CONNECTING) {
      throw new DOMException("the WebSocket is not open yet", "InvalidStateError");
    }
    const frame = typeof data === "string" || data instanceof Blob ? data : copyOf(data);
    const size = sizeOf(frame);
    this.buffered += size;
    // As in a browser: what is sent on a closed socket is counted and lost.
    if (this.readyState === OPEN) this.#transmit({ frame, size });
  }

  /**
   * Puts a frame, or the close frame, on the line, after those that wait for the bytes of a Blob.
   *
   * @param {Upward} what
   */
  #transmit(what) {
    this.#unsent.push(what);
    if (!(what.frame instanceof Blob)) return this.#transmitReady();
    what.frame.arrayBuffer().then(
      (bytes) => {
        what.frame = new Uint8Array(bytes);
        this.#transmitReady();
      },
      // A Blob that cannot be read, such as a file that was removed.
      () => {
        this.#line.pass(() => this.#leave());
        this.#line.pass(() => this.#fail());
      },
    );
  }

  #transmitReady() {
    while (this.#unsent.length > 0 && !(this.#unsent[0].frame instanceof Blob)) {
      const what = /** @type {Upward} */ (this.#unsent.shift());
      this.#line.pass(() => this.#arrive(what));
    }
  }

  /**
   * A frame, or the close frame, comes to the cloud's end of the line.
   *
   * @param {Upward} what
   */
  #arrive(what) {
    if (this.#id === undefined) return;
    const { size } = what;
    if (!this.#isFrozen && this.#unread.length === 0) {
      this.buffered -= size;
      return this.#read(what);
    }
    const taken = this.#unreadBytes + size <= SYSTEM_BUFFER;
    if (taken) {
      this.#unreadBytes += size;
      this.buffered -= size;
    }
    this.#unread.push({ ...what, taken });
  }

  /** @param {Upward} what */
  #read({ frame, code, reason }) {
    const id = this.#id;
    if (id === undefined) return;
    if (frame !== undefined) return this.#line.frame(id, /** @type {string | Uint8Array} */ (frame));
    // The response of the WebSocket library.
    if (!this.#hasSentClose) this.#write({ type: "close", code, reason });
    this.#line.closed(id, code, reason);
    this.#line.gone(id);
    this.#id = undefined;
  }

  /**
   * @param {number | undefined} code
   * @param {string} reason
   */
  close(code, reason) {
    if (code !== undefined && code !== 1000 && !(code >= 3000 && code <= 4999)) {
      throw new DOMException(
        `the code must be 1000 or between 3000 and 4999, not ${code}`,
        "InvalidAccessError",
      );
    }
    if (encoder.encode(reason).length > MAX_REASON) {
      throw syntaxError(`the reason must have at most ${MAX_REASON} bytes`);
    }
    if (this.readyState >= CLOSING) return;
    const wasConnecting = this.readyState === CONNECTING;
    this.readyState = CLOSING;
    if (wasConnecting) {
      this.#line.pass(() => this.#fail());
      this.#line.pass(() => this.#leave());
      return;
    }
    const frame = { code: code ?? 1005, reason, size: 0 };
    this.#transmit(frame);
    const id = setTimeout(() => this.#abort(), CLOSE_TIMEOUT);
    id?.unref?.();
  }

  /** The peer has not answered the close frame. */
  #abort() {
    if (this.readyState === CLOSED) return;
    this.#line.pass(() => this.#leave());
    this.#line.pass(() => this.#end(1006, "", false));
  }

  /** The cloud learns that the socket is closed. */
  #leave() {
    if (this.#id === undefined) return;
    const id = this.#id;
    this.#id = undefined;
    this.#line.gone(id);
  }

  /**
   * Carries out an output of the cloud.
   *
   * @param {SocketOutput} output
   */
  carryOut(output) {
    switch (output.type) {
      case "cut":
        this.#leave();
        return this.#line.pass(() => this.#fail());
      case "freeze":
        this.#isFrozen = output.frozen;
        if (!output.frozen) this.#thaw();
        return;
      default:
        if (this.#isFrozen) this.#unwritten.push(output);
        else this.#write(output);
    }
  }

  #thaw() {
    for (const output of this.#unwritten.splice(0)) this.#write(output);
    this.#catchUp();
  }

  /** Reads what has arrived while the connection was frozen, before what arrives later. */
  #catchUp() {
    const what = this.#unread[0];
    if (what === undefined || this.#isFrozen || this.#id === undefined) return;
    this.#unread.shift();
    if (what.taken) this.#unreadBytes -= what.size;
    else this.buffered -= what.size;
    this.#read(what);
    this.#line.pass(() => this.#catchUp());
  }

  /** @param {Delivery} output */
  #write(output) {
    if (output.type === "ping") {
      // A browser answers by itself, and shows neither ping nor pong.
      return this.#line.pass(() => this.#line.pass(() => this.#pong()));
    }
    if (output.type === "close") this.#hasSentClose = true;
    this.#line.pass(() => this.#receive(output));
  }

  #pong() {
    if (this.#id !== undefined && !this.#isFrozen && this.readyState < CLOSED) this.#line.pong(this.#id);
  }

  /** @param {Frame} output */
  #receive(output) {
    if (this.readyState === CLOSED) return;
    if (output.type === "close") {
      const { code, reason } = output;
      const isResponse = this.readyState === CLOSING;
      this.readyState = CLOSING;
      if (!isResponse) this.#line.pass(() => this.#arrive({ code, reason: "", size: 0 }));
      return this.#line.pass(() => this.#end(code, reason, true));
    }
    if (this.readyState !== OPEN) return;
    if (output.type === "text") this.#dispatch("message", { data: output.text });
    else this.#dispatch("message", { data: this.#dataOf(output.bytes) });
  }

  /** @param {Uint8Array<ArrayBuffer>} bytes */
  #dataOf(bytes) {
    return this.binaryType === "arraybuffer" ? bytes.buffer : new Blob([bytes]);
  }

  /** The connection is lost, or was not made. */
  #fail() {
    if (this.readyState === CLOSED) return;
    this.readyState = CLOSED;
    this.#dispatch("error");
    this.#dispatchClose(1006, "", false);
  }

  /**
   * @param {number} code
   * @param {string} reason
   * @param {boolean} wasClean
   */
  #end(code, reason, wasClean) {
    if (this.readyState === CLOSED) return;
    this.readyState = CLOSED;
    this.#dispatchClose(code, reason, wasClean);
  }

  /**
   * @param {number} code
   * @param {string} reason
   * @param {boolean} wasClean
   */
  #dispatchClose(code, reason, wasClean) {
    this.#dispatch("close", { code, reason, wasClean });
  }

  /**
   * @param {string} type
   * @param {object} [fields]
   */
  #dispatch(type, fields = {}) {
    const event = type === "message" ? new MessageEvent(type, fields) : new Event(type);
    if (type === "close") {
      // `CloseEvent` is not in every version of Node.
      for (const [name, value] of Object.entries(fields)) {
        Object.defineProperty(event, name, { value, enumerable: true });
      }
    }
    this.#socket.dispatchEvent(event);
  }
}

/** @param {string | Blob | Uint8Array} frame */
function sizeOf(frame) {
  if (typeof frame === "string") return encoder.encode(frame).length;
  return frame instanceof Blob ? frame.size : frame.length;
}

/**
 * The bytes of what is sent, as they are now.
 *
 * @param {ArrayBuffer | ArrayBufferView} data
 */
function copyOf(data) {
  if (data instanceof ArrayBuffer) return new Uint8Array(data.slice(0));
  if (ArrayBuffer.isView(data)) {
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
  }
  throw new TypeError("send: data must be a string, a Blob, an ArrayBuffer or a view of one");
}
