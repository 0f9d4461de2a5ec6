/** One socket: the reasons of its errors, and its end. */
import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { dial } from "../../src/web/js/platform.js";
import { Connection } from "../../src/web/js/receive.js";

/** Opens a socket of a class; returns its connection, the socket, and what was reported. */
function opened(methods = {}) {
  const reports = [];
  class Socket {
    readyState = 0;
    calls = [];
    constructor() {
      Object.assign(this, methods);
    }
    close(...args) {
      this.calls.push(["close", ...args]);
    }
  }
  const sink = (...report) => reports.push(report);
  const attach = (socket, id) => new Connection(socket, id, /** @type {any} */ ({ sink }));
  const connection = dial(Socket, "ws://host/", { attach }, 7);
  return { connection, socket: /** @type {any} */ (connection.socket), reports };
}

const coded = (message, code) => Object.assign(new Error(message), { code });

test("an error says why, where the runtime does", () => {
  const code = "ECONNREFUSED";
  for (const [event, text] of [
    [
      { message: "connect ECONNREFUSED 127.0.0.1:1", error: coded("other", code) },
      "connect ECONNREFUSED 127.0.0.1:1",
    ],
    [{ message: "", error: coded("", code) }, "ECONNREFUSED"],
    [{ error: coded("Failed to connect", code) }, "Failed to connect ECONNREFUSED"],
    [{ error: coded("a number as a code", 19) }, "a number as a code"],
    [{ message: "write EPROTO\n" }, "write EPROTO"],
    [{ message: 5, error: null }, ""],
    [{}, ""],
    [undefined, ""],
    [{ message: "x".repeat(10_000) }, "x".repeat(4096)],
  ]) {
    const { socket, reports } = opened();
    socket.onerror(event);
    assert.deepEqual(reports, [["failed", 7, text]]);
  }
});

test("an error whose fields throw is an error without a reason", () => {
  const { socket, reports } = opened();
  const event = {
    get error() {
      throw new Error("no");
    },
    get message() {
      throw new Error("no");
    },
  };
  socket.onerror(event);
  assert.deepEqual(reports, [["failed", 7, ""]]);
});

test("a socket whose peer does not answer is terminated at once, in any state", () => {
  for (const readyState of [0, 1, 2]) {
    const { connection, socket } = opened({
      readyState,
      terminate() {
        this.calls.push(["terminate"]);
      },
    });
    connection.close(4008, "Liveness timeout", true);
    assert.deepEqual(socket.calls, [["terminate"]]);
    assert.equal(connection.attached, false);
  }
});

test("a socket without terminate() is closed instead", () => {
  const { connection, socket } = opened({ readyState: 1 });
  connection.close(4008, "Liveness timeout", true);
  assert.deepEqual(socket.calls, [["close", 4008, "Liveness timeout"]]);
});

test("any other end waits a second for the peer, and does not keep a process alive", (t) => {
  const { setTimeout } = globalThis;
  t.after(() => (globalThis.setTimeout = setTimeout));
  const unref = mock.fn();
  let late;
  globalThis.setTimeout = (callback, delay) => {
    assert.equal(delay, 1000);
    late = callback;
    return { unref };
  };
  const { connection, socket } = opened({
    readyState: 1,
    terminate() {
      this.calls.push(["terminate"]);
    },
  });
  connection.close(1000, "bye", false);
  assert.deepEqual(socket.calls, [["close", 1000, "bye"]]);
  assert.equal(unref.mock.callCount(), 1);
  late();
  assert.deepEqual(socket.calls.at(-1), ["terminate"]);
});

test("a socket that does not say how much it holds holds nothing", () => {
  for (const [bufferedAmount, held] of [
    [undefined, 0],
    [null, 0],
    [NaN, 0],
    ["many", 0],
    [12, 12],
    [Infinity, Infinity],
  ]) {
    assert.equal(opened({ readyState: 1, bufferedAmount }).connection.buffered, held);
  }
  assert.equal(opened({ readyState: 2 }).connection.buffered, -1);
});
