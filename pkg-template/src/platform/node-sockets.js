/**
 * Choice of a WebSocket in Node.
 *
 * The package `ws` is preferred to Node's own WebSocket, which waits without end for the close frame
 * of its peer and does not say why a connection failed. Any other global WebSocket was put there by
 * the app, e.g. by a test, and is used.
 */

/** Where undici, which Node's WebSocket is made of, keeps the agent that dials. */
const AGENT = Symbol.for("undici.globalDispatcher.1");

/** What `loadWebSocket` gave. @type {any} */
let loaded;
/** Node's own WebSocket, extended. @type {any} */
let own;

/**
 * The constructor if it is at hand.
 * @param {any} given option of the session
 * @returns {any}
 */
export function webSocket(given) {
  if (given !== undefined) return isNodesOwn(given) ? terminable(given) : given;
  const { WebSocket } = globalThis;
  return isNodesOwn(WebSocket) ? loaded : (WebSocket ?? loaded);
}

/**
 * Loads `ws`, or prepares Node's own WebSocket.
 * @param {() => Promise<any>} importWs resolves with undefined where it is not installed
 * @returns {Promise<any>} undefined where there is neither
 */
export async function loadWebSocket(importWs) {
  const { WebSocket } = globalThis;
  loaded = (await importWs()) ?? (isNodesOwn(WebSocket) ? terminable(WebSocket) : WebSocket);
  return loaded;
}

/** @param {any} WebSocket @returns {boolean} */
function isNodesOwn(WebSocket) {
  const { process } = globalThis;
  if (typeof WebSocket !== "function" || process?.release?.name !== "node") return false;
  const { bun, deno } = process.versions;
  // Undici checks its arguments by functions of this name.
  return !bun && !deno && Function.prototype.toString.call(WebSocket).includes("webidl");
}

/**
 * Adds `terminate()`, which destroys the connection, and the reasons of errors.
 * @param {any} WebSocket
 */
function terminable(WebSocket) {
  own ??= class extends WebSocket {
    /** @type {{ socket?: any, abort?: () => void, error?: string, isOver?: boolean }} */
    #dial;

    /** @param {string} url */
    constructor(url) {
      /** @type {{ socket?: any, abort?: () => void, error?: string, isOver?: boolean }} */
      const dial = {};
      const dispatch = (/** @type {any} */ request, /** @type {any} */ handler) => {
        const ask = () => /** @type {any} */ (globalThis)[AGENT].dispatch(request, handler);
        watch(handler, dial, ask);
        return ask();
      };
      super(url, { dispatcher: { dispatch } });
      this.#dial = dial;
      // The first listener, so that the others find the message.
      this.addEventListener("error", (/** @type {any} */ event) => {
        if (dial.error) Object.defineProperty(event, "message", { value: dial.error });
      });
    }

    terminate() {
      const { socket, abort } = this.#dial;
      this.#dial.isOver = true;
      if (socket) socket.destroy();
      else if (abort) abort();
      else this.close();
    }
  };
  return own;
}

/**
 * Notes the connection of a dial, and why it failed. Undici gives a connection up after 10 s; the
 * session has its own limit.
 * @param {any} handler of undici
 * @param {{ socket?: any, abort?: () => void, error?: string, isOver?: boolean }} dial
 * @param {() => void} again dials again
 */
function watch(handler, dial, again) {
  /** @type {Record<string, (...facts: any[]) => unknown>} */
  const notes = {
    onConnect: (abort) => (dial.abort = abort),
    onHeaders: (status) => (dial.error = `Unexpected server response: ${status}`),
    onError(error) {
      if (error?.code === "UND_ERR_CONNECT_TIMEOUT" && !dial.isOver) {
        again();
        return true;
      }
      dial.error = error?.message || error?.code;
      return false;
    },
    onUpgrade: (status, headers, socket) => {
      dial.socket = socket;
      if (dial.isOver) socket.destroy();
    },
  };
  for (const [name, note] of Object.entries(notes)) {
    const method = handler[name];
    if (typeof method !== "function") continue;
    handler[name] = (/** @type {any[]} */ ...facts) => {
      // True if the handler is not to know.
      if (note(...facts) !== true) return method.apply(handler, facts);
    };
  }
}
