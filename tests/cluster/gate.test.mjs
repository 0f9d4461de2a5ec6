/** The gate of the sockets: frames wait in both directions, and pass in order. */
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { test } from "node:test";

import { createGate, gated } from "../../pkg-template/src/cluster/gate.js";

/** Socket of a browser. */
class Plain {
  readyState = 1;
  sent = [];
  #listener = null;
  constructor(url) {
    this.url = url;
  }
  send(data) {
    this.sent.push(data);
  }
  set onmessage(listener) {
    this.#listener = listener;
  }
  get onmessage() {
    return this.#listener;
  }
  receive(data) {
    this.#listener?.({ data });
  }
}

/** Socket whose listener is a field, as in a mock. */
class Fields {
  readyState = 1;
  sent = [];
  onmessage = null;
  constructor(url) {
    this.url = url;
  }
  send(data) {
    this.sent.push(data);
  }
  receive(data) {
    this.onmessage?.({ data });
  }
}

/** Socket of the package `ws`. */
class Emitter extends EventEmitter {
  readyState = 1;
  sent = [];
  constructor(url, protocols, options) {
    super();
    Object.assign(this, { url, protocols, options });
  }
  send(data) {
    this.sent.push(data);
  }
  set onmessage(listener) {
    this.on("message", (data) => listener({ data }));
  }
  receive(data) {
    this.emit("message", data);
  }
}

for (const Base of [Plain, Fields, Emitter]) {
  /** A socket behind a gate that can be shut. */
  function open() {
    const world = { isOpen: true };
    const gate = createGate(() => world.isOpen);
    const Gated = gated(() => Base, gate);
    const socket = new Gated("ws://localhost/");
    const received = [];
    socket.onmessage = ({ data }) => received.push(data);
    const release = () => {
      world.isOpen = true;
      gate.release();
    };
    return { world, gate, socket, received, release };
  }

  test(`${Base.name}: frames pass an open gate`, () => {
    const { socket, received } = open();
    assert.ok(socket instanceof Base);
    assert.equal(socket.url, "ws://localhost/");
    socket.send("out");
    socket.receive("in");
    assert.deepEqual([socket.sent, received], [["out"], ["in"]]);
  });

  test(`${Base.name}: frames wait in both directions, and pass in order`, () => {
    const { world, socket, received, release } = open();
    world.isOpen = false;
    socket.send(1);
    socket.receive(1);
    // Later frames do not overtake those that wait, even if the gate is open by then.
    world.isOpen = true;
    socket.send(2);
    socket.receive(2);
    assert.deepEqual([socket.sent, received], [[], []]);
    release();
    assert.deepEqual(
      [socket.sent, received],
      [
        [1, 2],
        [1, 2],
      ],
    );
    socket.send(3);
    socket.receive(3);
    assert.deepEqual(
      [socket.sent, received],
      [
        [1, 2, 3],
        [1, 2, 3],
      ],
    );
  });

  test(`${Base.name}: a frame for a socket that has closed meanwhile is not sent`, () => {
    const { world, socket, release } = open();
    world.isOpen = false;
    socket.send(1);
    socket.readyState = 3;
    release();
    assert.deepEqual(socket.sent, []);
  });

  test(`${Base.name}: a socket that throws holds no frame of others up`, () => {
    const { world, gate, received, socket, release } = open();
    class Gone extends Base {
      send() {
        throw new Error("gone");
      }
    }
    const gone = new (gated(() => Gone, gate))("ws://localhost/");
    world.isOpen = false;
    gone.send(1);
    socket.send(2);
    socket.receive(2);
    release();
    assert.deepEqual([socket.sent, received], [[2], [2]]);
  });

  test(`${Base.name}: at most 1000 frames wait`, () => {
    const { world, socket, received, release } = open();
    world.isOpen = false;
    for (let i = 0; i < 1500; i += 1) socket.receive(i);
    release();
    assert.deepEqual([received.length, received.at(-1)], [1000, 999]);
  });
}

test("a session finds the package ws behind the gate, and gives it the largest size of a frame", () => {
  const loaded = {};
  const gate = createGate(() => true);
  const Gated = gated(() => loaded.WebSocket, gate);
  // The class is loaded later.
  loaded.WebSocket = Emitter;
  assert.equal(typeof Gated.prototype.on, "function");
  const { protocols, options } = new Gated("ws://localhost/", undefined, { maxPayload: 5 });
  assert.deepEqual([protocols, options], [undefined, { maxPayload: 5 }]);
  const ofBrowser = gated(() => Plain, gate);
  assert.equal(ofBrowser.prototype.on, undefined);
});

test("other events of the package ws do not wait", () => {
  const Gated = gated(
    () => Emitter,
    createGate(() => false),
  );
  const socket = new Gated("ws://localhost/");
  let closed;
  socket.on("close", (code) => (closed = code));
  socket.emit("close", 4009);
  assert.equal(closed, 4009);
});
