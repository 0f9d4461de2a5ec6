/**
 * JavaScript for the tests. One file, since the test runner's server may stall when a page loads more
 * than four modules.
 */

// Those of the start, since a test may replace the global ones.
const { setTimeout, clearTimeout } = globalThis;

/** The constructor of WebSockets of this place: the global one, or that of the package `ws`. */
export function webSocket() {
  if (globalThis.WebSocket) return globalThis.WebSocket;
  const { createRequire } = process.getBuiltinModule("module");
  return createRequire(`${process.cwd()}/`)("ws");
}

export function hideGlobalWebSocket() {
  const hidden = globalThis.WebSocket;
  delete globalThis.WebSocket;
  return hidden;
}

export function restoreGlobalWebSocket(hidden) {
  if (hidden) globalThis.WebSocket = hidden;
}

export async function post(url, body) {
  const headers = { "content-type": "application/json" };
  const response = await fetch(url, { method: "POST", headers, body });
  return response.status;
}

export async function getJson(url) {
  return (await fetch(url)).json();
}

export function sleep(millis) {
  return new Promise((resolve) => setTimeout(resolve, millis));
}

export function literal(source) {
  return new Function(`return (${source})`)();
}

/** Adds the fields of an object literal to an object. */
export function extend(object, source) {
  Object.assign(object, literal(source));
}

export function collectingLogger() {
  const lines = [];
  const add = (line) => lines.push(line);
  return { lines, error: add, warn: add, info: add, debug: add };
}

/** Sockets that do nothing by themselves, and misbehave on demand. */
export function fakeSockets() {
  return class FakeSocket {
    static made = [];
    /** Called with each new socket. */
    static onmade = () => {};

    constructor(url) {
      this.url = url;
      this.readyState = 0;
      this.sent = [];
      this.closes = [];
      FakeSocket.made.push(this);
      FakeSocket.onmade(this);
    }

    send(text) {
      if (this.readyState === 0) throw new Error("still connecting");
      this.sent.push(text);
    }

    close(code, reason) {
      this.closes.push({ code, reason });
      this.readyState = 2;
      this.onCloseCall?.();
    }

    open() {
      this.readyState = 1;
      this.onopen?.({});
    }

    receive(frame) {
      this.onmessage?.({ data: typeof frame === "string" ? frame : JSON.stringify(frame) });
    }

    ack() {
      this.open();
      this.receive({ type: "tpa_connection_ack", settings: [] });
    }

    fail() {
      this.onerror?.({});
    }

    end(event) {
      this.readyState = 3;
      this.onclose?.(event);
    }
  };
}

/** Counts the timers that are set, until it is restored. */
export function watchTimers() {
  const delays = [];
  const pending = new Set();
  globalThis.setTimeout = (callback, delay) => {
    const timer = setTimeout(() => {
      pending.delete(timer);
      callback();
    }, delay);
    delays.push(delay);
    pending.add(timer);
    return timer;
  };
  globalThis.clearTimeout = (timer) => {
    pending.delete(timer);
    clearTimeout(timer);
  };
  return {
    delays,
    get pending() {
      return pending.size;
    },
    restore: () => Object.assign(globalThis, { setTimeout, clearTimeout }),
  };
}

/** The server of WebSockets whose other end is in the same process. */
export class MemoryServer {
  /**
   * @param {(socket: object) => number} open lets a socket in: its number, or 0
   * @param {(number: number, text: string) => void} receive
   * @param {(number: number, code: number, reason: string) => void} closed
   * @param {() => void} alarm
   */
  constructor(open, receive, closed, alarm) {
    this.WebSocket = memorySocket(open, receive, closed);
    this.alarm = alarm;
  }

  /** @param {number | undefined} delay */
  setAlarm(delay) {
    clearTimeout(this.timer);
    this.timer = delay === undefined ? undefined : setTimeout(() => this.alarm(), delay);
  }
}

class MemorySocket {
  /** @type {{ open: Function, receive: Function, closed: Function }} */
  server;
  readyState = 0;
  bufferedAmount = 0;
  number = 0;
  /** Takes effect in a later turn, and in order. */
  toServer = new Line();
  toClient = new Line();

  constructor(url) {
    this.url = url;
    this.toServer.push(() => {
      this.number = this.server.open(this);
      this.toClient.push(() => (this.number === 0 ? this.end(1006, "") : this.opened()));
    });
  }

  send(text) {
    const { length } = new TextEncoder().encode(text);
    this.bufferedAmount += length;
    this.toServer.push(() => {
      this.bufferedAmount -= length;
      this.server.receive(this.number, text);
    });
  }

  close(code = 1005, reason = "") {
    if (this.readyState >= 2) return;
    this.readyState = 2;
    this.toServer.push(() => {
      if (this.number !== 0) this.server.closed(this.number, code, reason);
      this.toClient.push(() => this.end(code, reason));
    });
  }

  deliverText(text) {
    this.deliver(() => this.onmessage?.({ data: text }));
  }

  deliverBinary(bytes) {
    const data = bytes.slice().buffer;
    this.deliver(() => this.onmessage?.({ data }));
  }

  /** The server's close frame; the client's runtime answers it. */
  deliverClose(code, reason) {
    this.deliver(() => {
      if (this.readyState === 1) this.readyState = 2;
      this.toServer.push(() => {
        this.server.closed(this.number, code, reason);
        this.toClient.push(() => this.end(code, reason));
      });
    });
  }

  /** The server's reset. */
  cut() {
    this.toServer.clear();
    this.toClient.clear();
    this.toClient.push(() => this.end(1006, ""));
  }

  /** A frozen server neither reads nor writes. */
  freeze(frozen) {
    this.toServer.hold(frozen);
    this.toClient.hold(frozen);
  }

  deliver(action) {
    this.toClient.push(() => {
      if (this.readyState === 1) action();
    });
  }

  opened() {
    if (this.readyState !== 0) return;
    this.readyState = 1;
    this.onopen?.({});
  }

  end(code, reason) {
    if (this.readyState === 3) return;
    this.readyState = 3;
    if (code === 1006) this.onerror?.({});
    this.onclose?.({ code, reason, wasClean: code !== 1006 });
  }
}

/** A class of sockets that connect to one server. */
function memorySocket(open, receive, closed) {
  return class extends MemorySocket {
    server = { open, receive, closed };
  };
}

/** Actions that run in order, each in a turn of its own, unless they are held. */
class Line {
  #waiting = [];
  #held = false;
  #running = false;

  push(action) {
    this.#waiting.push(action);
    this.#run();
  }

  hold(held) {
    this.#held = held;
    this.#run();
  }

  clear() {
    this.#waiting = [];
    this.#held = false;
  }

  #run() {
    if (this.#running || this.#held || this.#waiting.length === 0) return;
    this.#running = true;
    setTimeout(() => {
      this.#running = false;
      if (!this.#held) this.#waiting.shift()?.();
      this.#run();
    });
  }
}
