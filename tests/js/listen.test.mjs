/** Sockets that are heard by a listener, and those whose class may call `onmessage` alone. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { Dispatcher } from "../../src/web/js/dispatcher.js";

/** Socket of a platform: no fields, and a tag on the prototype. */
class PlatformSocket {
  #listener;
  #onmessage = null;

  get [Symbol.toStringTag]() {
    return "WebSocket";
  }

  set binaryType(_type) {}

  set onmessage(handler) {
    this.#onmessage = handler;
  }

  get onmessage() {
    return this.#onmessage;
  }

  addEventListener(_event, listener) {
    this.#listener = listener;
  }

  receive(text) {
    this.#listener?.({ data: text });
    this.#onmessage?.({ data: text });
  }
}

/** Socket of a test, with the platform's prototype. */
function Fake() {
  const fields = {
    onmessage: null,
    receive(text) {
      this.onmessage?.({ data: text });
    },
  };
  return Object.create(PlatformSocket.prototype, Object.getOwnPropertyDescriptors(fields));
}

/** Socket of a test, without a prototype. */
function Bare() {
  return Object.setPrototypeOf(Fake(), null);
}

for (const [what, Socket, property] of [
  ["the platform is heard by a listener, which Chromium serves faster", PlatformSocket, "object"],
  ["a class that extends it is heard by onmessage", class extends PlatformSocket {}, "function"],
  ["a test that has its prototype is heard by onmessage", Fake, "function"],
  ["a test that has no prototype is heard by onmessage", Bare, "function"],
]) {
  test(`a socket of ${what}, and each frame once`, () => {
    const dispatcher = new Dispatcher(() => {}, false);
    const heard = [];
    dispatcher.on("custom", (data) => heard.push(data));
    const socket = new Socket();
    const connection = dispatcher.attach(socket, 1);
    assert.equal(typeof socket.onmessage, property);
    const frame = (data) => JSON.stringify({ type: "data_stream", streamType: "custom", data });
    socket.receive(frame(1));
    connection.close(1000, "");
    socket.receive(frame(2));
    assert.deepEqual(heard, [1]);
  });
}
