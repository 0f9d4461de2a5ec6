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
  const { setTimeout, clearTimeout } = globalThis;
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
