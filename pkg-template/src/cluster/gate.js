/** WebSockets that let nothing pass while the process does not know which sessions it has. */
import { withTimeout } from "../server/with-timeout.js";

/** Most frames of all sockets that are kept. */
const MAX_FRAMES = 1000;
/** State of a socket (WHATWG WebSockets, "WebSocket"). */
const CLOSED = 3;
/** Longest wait for the end of a closing handshake, ms. */
const CLOSING = 500;

/**
 * @typedef {object} Gate
 * @property {() => boolean} mayPass asked for each frame in both directions
 * @property {(pass: () => void) => void} hold called with a frame that waits
 * @property {(socket: any) => void} closes called with a socket that is about to close
 */

/**
 * Creates a queue of frames that wait.
 *
 * @param {() => boolean} mayPass
 * @returns {Gate & { release: () => void, closing: (close: () => void) => Promise<void> }}
 */
export function createGate(mayPass) {
  /** @type {(() => void)[]} */
  let kept = [];
  /** Ends of the sockets that a call closes. @type {Promise<void>[] | undefined} */
  let ends;
  return {
    mayPass: () => kept.length === 0 && mayPass(),
    hold(pass) {
      if (kept.length < MAX_FRAMES) kept.push(pass);
    },
    release() {
      const waiting = kept;
      kept = [];
      for (const pass of waiting) {
        try {
          pass();
        } catch {
          // The socket is gone, and its close event says so.
        }
      }
    },
    closes(socket) {
      if (socket.readyState >= CLOSED) return;
      const listen = typeof socket.once === "function" ? "once" : "addEventListener";
      // A mock may have neither; the wait is bounded.
      ends?.push(new Promise((resolve) => socket[listen]?.("close", () => resolve(undefined))));
    },
    /** Calls a function that closes a session, and waits until the cloud has closed the connection. */
    async closing(close) {
      /** @type {Promise<void>[]} */
      const started = [];
      ends = started;
      try {
        close();
      } finally {
        ends = undefined;
      }
      await withTimeout(CLOSING, Promise.all(started));
    },
  };
}

/**
 * Creates a constructor of sockets behind a gate. The class is chosen when it is used for the first time, as
 * the package `ws` is loaded by then. Its prototype is that of the class: a session tells `ws` by it.
 *
 * @param {() => any} choose returns the class of the sockets
 * @param {Gate} gate
 * @param {(url: string) => any} [take] returns a socket that was opened beforehand
 * @returns {new (url: string, ...more: unknown[]) => any}
 */
export function gated(choose, gate, take) {
  /** @type {any} */
  let Gated;
  const load = () => (Gated ??= behind(choose(), gate));
  // The target is a function, as the prototype of a class is fixed.
  return /** @type {any} */ (
    new Proxy(function () {}, {
      construct: (_, args) => take?.(args[0]) ?? new (load())(...args),
      get: (_, name) => Reflect.get(load(), name),
    })
  );
}

/** @param {any} Base @param {Gate} gate */
function behind(Base, gate) {
  const isEmitter = typeof Base.prototype?.on === "function" && typeof Base.prototype.emit === "function";
  return class extends Base {
    /** @param {unknown[]} args */
    constructor(...args) {
      super(...args);
      // A field of the class would hide the gate.
      Reflect.deleteProperty(this, "onmessage");
    }

    /** @param {unknown[]} args */
    send(...args) {
      if (gate.mayPass()) super.send(...args);
      else gate.hold(() => this.readyState === 1 && super.send(...args));
    }

    /** @param {unknown[]} args */
    close(...args) {
      gate.closes(this);
      super.close(...args);
    }

    /** Of the package `ws`. @param {string} event @param {unknown[]} args */
    emit(event, ...args) {
      if (!isEmitter || event !== "message" || gate.mayPass()) return super.emit?.(event, ...args);
      gate.hold(() => super.emit(event, ...args));
      return true;
    }

    /** @param {any} listener */
    set onmessage(listener) {
      if (isEmitter || typeof listener !== "function") super.onmessage = listener;
      else {
        super.onmessage = (/** @type {unknown} */ event) =>
          gate.mayPass() ? listener(event) : gate.hold(() => listener(event));
      }
    }

    get onmessage() {
      return super.onmessage;
    }
  };
}
