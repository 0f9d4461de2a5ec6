/** WebSockets without a network, shaped as the WHATWG specifies. */

import { CLOSED, CLOSING, CONNECTING, Link, OPEN, syntaxError } from "./link.js";

const HANDLERS = /** @type {const} */ (["open", "message", "error", "close"]);

/**
 * Creates the class of a cloud. `line` is what its sockets see of the cloud.
 *
 * @param {import("./link.js").Line} line
 * @returns {new (url: string | URL, protocols?: string | string[]) => import("../../types/testing.d.ts").TestWebSocket}
 */
export function socketClass(line) {
  class WebSocket extends BaseSocket {
    /** @param {string | URL} url */
    constructor(url) {
      super(line, url);
    }
  }
  return /** @type {any} */ (WebSocket);
}

/** @param {string | URL} url */
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

/**
 * The connection of each socket.
 *
 * @type {WeakMap<object, Link>}
 */
const internals = new WeakMap();

/**
 * @param {object} socket
 * @returns {Link}
 */
function linkOf(socket) {
  const link = internals.get(socket);
  // As a browser says.
  if (link === undefined) throw new TypeError("Illegal invocation");
  return link;
}

class BaseSocket extends EventTarget {
  static CONNECTING = CONNECTING;
  static OPEN = OPEN;
  static CLOSING = CLOSING;
  static CLOSED = CLOSED;

  /**
   * @param {import("./link.js").Line} line
   * @param {string | URL} url
   */
  constructor(line, url) {
    super();
    internals.set(this, new Link(this, line, parse(url)));
  }

  get url() {
    return linkOf(this).url.href;
  }

  get readyState() {
    return linkOf(this).readyState;
  }

  get bufferedAmount() {
    return linkOf(this).buffered;
  }

  get protocol() {
    return "";
  }

  get extensions() {
    return "";
  }

  get binaryType() {
    return linkOf(this).binaryType;
  }

  /** @param {string} type */
  set binaryType(type) {
    // Other values are ignored, as in a browser.
    if (type === "blob" || type === "arraybuffer") linkOf(this).binaryType = type;
  }

  /** @param {string | Blob | ArrayBuffer | ArrayBufferView} data */
  send(data) {
    linkOf(this).send(data);
  }

  /**
   * @param {number} [code]
   * @param {string} [reason]
   */
  close(code, reason) {
    // Without a code the close frame is empty.
    linkOf(this).close(code, code === undefined || reason === undefined ? "" : String(reason));
  }
}

for (const [name, value] of Object.entries({ CONNECTING, OPEN, CLOSING, CLOSED })) {
  Object.defineProperty(BaseSocket.prototype, name, { value, enumerable: true });
}
for (const type of HANDLERS) {
  Object.defineProperty(BaseSocket.prototype, `on${type}`, {
    enumerable: true,
    configurable: true,
    /** @this {BaseSocket} */
    get() {
      return linkOf(this).handlers[type]?.handler ?? null;
    },
    /**
     * @this {BaseSocket}
     * @param {unknown} handler
     */
    set(handler) {
      const { handlers } = linkOf(this);
      if (handlers[type] !== undefined) this.removeEventListener(type, handlers[type]);
      handlers[type] = undefined;
      if (typeof handler !== "function") return;
      /** @type {import("./link.js").Listener} */
      const listener = (event) => handler.call(this, event);
      listener.handler = handler;
      handlers[type] = listener;
      this.addEventListener(type, listener);
    },
  });
}
