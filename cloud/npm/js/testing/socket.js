/** WebSockets without a network, shaped as the WHATWG specifies. */

const CONNECTING = 0;
const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;

/** Bytes that the system takes from a socket whose peer does not read. */
const SYSTEM_BUFFER = 256 * 1024;

/** Longest reason of a close frame, in bytes of UTF-8. */
const MAX_REASON = 123;

/** Time in ms for the peer to answer a close frame. */
const CLOSE_TIMEOUT = 30_000;

const encoder = new TextEncoder();

const HANDLERS = ["open", "message", "error", "close"];

/** Creates the class of a cloud. `line` is what its sockets see of the cloud. */
export function socketClass(line) {
  class WebSocket extends BaseSocket {
    constructor(url) {
      super(line, url);
    }
  }
  return WebSocket;
}

/** What a real constructor throws, and in Node a DOMException too. */
const syntaxError = (message) => new DOMException(message, "SyntaxError");

function parse(url) {
  let parsed;
  try {
    parsed = new URL(url);
  } catch {
    throw syntaxError(`the URL '${url}' is invalid`);
  }
  const { protocol, hash } = parsed;
  if (!["ws:", "wss:", "http:", "https:"].includes(protocol)) {
    throw syntaxError(`the URL's scheme must be ws or wss, not '${protocol.slice(0, -1)}'`);
  }
  if (hash !== "") throw syntaxError("the URL must have no fragment");
  parsed.protocol = protocol.replace("http", "ws");
  return parsed;
}

/** The connection of each socket. */
const internals = new WeakMap();

class BaseSocket extends EventTarget {
  static CONNECTING = CONNECTING;
  static OPEN = OPEN;
  static CLOSING = CLOSING;
  static CLOSED = CLOSED;

  constructor(line, url) {
    super();
    internals.set(this, new Link(this, line, parse(url)));
  }

  get url() {
    return internals.get(this).url.href;
  }

  get readyState() {
    return internals.get(this).readyState;
  }

  get bufferedAmount() {
    return internals.get(this).buffered;
  }

  get protocol() {
    return "";
  }

  get extensions() {
    return "";
  }

  get binaryType() {
    return internals.get(this).binaryType;
  }

  set binaryType(type) {
    // Other values are ignored, as in a browser.
    if (type === "blob" || type === "arraybuffer") internals.get(this).binaryType = type;
  }

  send(data) {
    internals.get(this).send(data);
  }

  close(code, reason) {
    // Without a code the close frame is empty.
    internals.get(this).close(code, code === undefined || reason === undefined ? "" : String(reason));
  }
}

for (const [name, value] of Object.entries({ CONNECTING, OPEN, CLOSING, CLOSED })) {
  Object.defineProperty(BaseSocket.prototype, name, { value, enumerable: true });
}
for (const type of HANDLERS) {
  Object.defineProperty(BaseSocket.prototype, `on${type}`, {
    enumerable: true,
    configurable: true,
    get() {
      return internals.get(this).handlers[type]?.handler ?? null;
    },
    set(handler) {
      const { handlers } = internals.get(this);
      if (handlers[type] !== undefined) this.removeEventListener(type, handlers[type]);
      handlers[type] = undefined;
      if (typeof handler !== "function") return;
      const listener = (event) => handler.call(this, event);
      listener.handler = handler;
      handlers[type] = listener;
      this.addEventListener(type, listener);
    },
  });
}

/** One connection: the socket on the app's side, and the server's on the cloud's. */
class Link {
  readyState = CONNECTING;
  binaryType = "blob";
  handlers = {};
  /** Bytes that the system has not taken. */
  buffered = 0;
  url;
  #socket;
  #line;
  /** Number of the connection in the cloud, while it is open there. */
  #id;
  /** Frames that the cloud does not read, because the connection is frozen. */
  #unread = [];
  #unreadBytes = 0;
  /** What the cloud does not write for the same reason. */
  #unwritten = [];
  #isFrozen = false;
  #hasSentClose = false;

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

  send(data) {
    if (this.readyState === CONNECTING) {
      throw new DOMException("the WebSocket is not open yet", "InvalidStateError");
    }
    const frame = typeof data === "string" ? data : copyOf(data);
    const size = typeof frame === "string" ? encoder.encode(frame).length : frame.length;
    this.buffered += size;
    // As in a browser: what is sent on a closed socket is counted and lost.
    if (this.readyState === OPEN) this.#line.pass(() => this.#arrive({ frame, size }));
  }

  /** A frame, or the close frame, comes to the cloud's end of the line. */
  #arrive(what) {
    if (this.#id === undefined) return;
    const { size } = what;
    if (!this.#isFrozen && this.#unread.length === 0) {
      this.buffered -= size;
      return this.#read(what);
    }
    what.taken = this.#unreadBytes + size <= SYSTEM_BUFFER;
    if (what.taken) {
      this.#unreadBytes += size;
      this.buffered -= size;
    }
    this.#unread.push(what);
  }

  #read({ frame, code, reason }) {
    if (frame !== undefined) return this.#line.frame(this.#id, frame);
    const id = this.#id;
    // The response of the WebSocket library.
    if (!this.#hasSentClose) this.#write({ type: "close", code, reason });
    this.#line.closed(id, code, reason);
    this.#line.gone(id);
    this.#id = undefined;
  }

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
    this.#line.pass(() => this.#arrive(frame));
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

  /** Carries out an output of the cloud. */
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

  #end(code, reason, wasClean) {
    if (this.readyState === CLOSED) return;
    this.readyState = CLOSED;
    this.#dispatchClose(code, reason, wasClean);
  }

  #dispatchClose(code, reason, wasClean) {
    this.#dispatch("close", { code, reason, wasClean });
  }

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

/** The bytes of what is sent, as they are now. */
function copyOf(data) {
  if (data instanceof ArrayBuffer) return new Uint8Array(data.slice(0));
  if (ArrayBuffer.isView(data)) {
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
  }
  throw new TypeError("send: data must be a string, an ArrayBuffer or a view of one");
}
