/**
 * The cloud as a state machine: no I/O, no clock. A shell carries out what it decides.
 *
 *     const cloud = new Cloud({ apiKey: "any" }, Date.now(), performance.now());
 *     const id = cloud.open("127.0.0.1:5", "mentraos", performance.now());
 *     cloud.text(id, frame, performance.now());
 *     for (let output; (output = cloud.poll()) !== undefined; ) carryOut(output);
 *     setTimeout(() => cloud.timeout(performance.now()), cloud.nextTimeout() - performance.now());
 *
 * 1. Call a method that takes the time.
 * 2. Call `poll()` until it returns undefined, and carry out each output in order.
 * 3. Arrange for `timeout()` to be called at `nextTimeout()`, unless step 1 happens earlier.
 *
 * Every time is in milliseconds of one monotonic clock. Outputs, by `type`:
 *
 * - `text` `{to, text}`, `binary` `{to, bytes}`, `ping` `{to}`: send a frame on socket `to`;
 * - `close` `{to, code, reason}`: send a close frame, the last frame;
 * - `cut` `{to}`: reset the socket without a close frame;
 * - `freeze` `{to, frozen}`: stop or resume reading from and writing to the socket;
 * - `webhook`, `appCall` `{call, url, contentType, body, request, packageName, timeoutMs,
 *   timeoutError}`: send a POST request to an app and report to `answer()` or `fail()`;
 * - `event` `{json, event}`: tell observers; `event` parses `json`.
 */
import builtIn from "package:scenarios";

import { glue } from "./instance.js";

/** Numbers of the signals in the bindings. */
const PING = 0;
const PONG = 1;
const TOO_BIG = 2;
const CONGESTED = 3;
const OVERRUN = 4;
const GONE = 5;

const NO_BODY = new Uint8Array();

const encoder = new TextEncoder();
const bytesOf = (/** @type {string | Uint8Array} */ body) =>
  typeof body === "string" ? encoder.encode(body) : body;

export class Cloud {
  #wasm;

  /**
   * Throws a `TypeError` that names the option. The options are those of the command line in camel
   * case, times as milliseconds or text; `scenarios` is a list of scenarios with a `name` each, in
   * addition to the built-in ones.
   *
   * @param {import("../../types/index.d.ts").CloudOptions | undefined} options
   * @param {number} unixMs
   * @param {number} now
   */
  constructor({ scenarios = [], ...options } = {}, unixMs, now) {
    this.#wasm = new (glue().WasmCloud)(
      JSON.stringify(options),
      JSON.stringify([...builtIn, ...scenarios]),
      unixMs,
      now,
    );
  }

  /**
   * Opens a socket: its id, or `"reset"` or `"full"` if it is not accepted.
   *
   * @param {string} peer
   * @param {"augmentos" | "mentraos"} dialect
   * @param {number} now
   * @returns {number | "reset" | "full"}
   */
  open(peer, dialect, now) {
    const id = this.#wasm.open(peer, dialect === "mentraos", now);
    if (id === -1) return "reset";
    return id === -2 ? "full" : id;
  }

  /**
   * A text frame.
   *
   * @param {number} id
   * @param {string} text
   * @param {number} now
   */
  text(id, text, now) {
    this.#wasm.text(id, text, now);
  }

  /**
   * A binary frame.
   *
   * @param {number} id
   * @param {Uint8Array} bytes
   * @param {number} now
   */
  binary(id, bytes, now) {
    this.#wasm.binary(id, bytes, now);
  }

  /**
   * A protocol-level ping, which the shell has answered.
   *
   * @param {number} id
   * @param {number} now
   */
  ping(id, now) {
    this.#wasm.signal(id, PING, now);
  }

  /**
   * A protocol-level pong.
   *
   * @param {number} id
   * @param {number} now
   */
  pong(id, now) {
    this.#wasm.signal(id, PONG, now);
  }

  /**
   * The peer's close frame, or its response to the cloud's; 1005 if it has no code.
   *
   * @param {number} id
   * @param {number} code
   * @param {string} reason
   * @param {number} now
   */
  closed(id, code, reason, now) {
    this.#wasm.closed(id, code, reason, now);
  }

  /**
   * The beginning of a frame that is too long to be read.
   *
   * @param {number} id
   * @param {number} now
   */
  tooBig(id, now) {
    this.#wasm.signal(id, TOO_BIG, now);
  }

  /**
   * The send buffer is full, because the peer does not read.
   *
   * @param {number} id
   * @param {number} now
   */
  congested(id, now) {
    this.#wasm.signal(id, CONGESTED, now);
  }

  /**
   * The receive buffer is too large, with those of other connections.
   *
   * @param {number} id
   * @param {number} now
   */
  overrun(id, now) {
    this.#wasm.signal(id, OVERRUN, now);
  }

  /**
   * The socket is closed: the last call about it.
   *
   * @param {number} id
   * @param {number} now
   */
  gone(id, now) {
    this.#wasm.signal(id, GONE, now);
  }

  /**
   * Handles the timers that have expired.
   *
   * @param {number} now
   */
  timeout(now) {
    this.#wasm.timeout(now);
  }

  /** Time at which the next timer expires; undefined if there is none. */
  nextTimeout() {
    return this.#wasm.nextTimeout();
  }

  /** The next output; undefined if there is none. */
  poll() {
    return this.#wasm.poll();
  }

  /** Number of sockets. */
  get socketCount() {
    return this.#wasm.socketCount();
  }

  /**
   * A request of the control interface, except for `GET /events`: the response `{status,
   * contentType, allow, body}`, or a call of type `toolCall` whose `answer()` or `fail()` returns
   * the response, or undefined if there is no such path. `contentType` and `allow` may be null.
   *
   * @param {{ method: string, path: string, query?: string | undefined, body?: string | Uint8Array | undefined }} request
   * @param {number} now
   */
  control({ method, path, query = "", body = NO_BODY }, now) {
    return this.#wasm.control(method, path, query, bytesOf(body), now);
  }

  /**
   * Reports an app's response. Returns the response to a tool call.
   *
   * @param {number} call
   * @param {number} status
   * @param {string | Uint8Array} body
   * @param {number} now
   */
  answer(call, status, body, now) {
    return this.#wasm.answer(call, status, bytesOf(body), now);
  }

  /**
   * Reports a call without a response. Returns the response to a tool call.
   *
   * @param {number} call
   * @param {string} error
   * @param {number} now
   */
  fail(call, error, now) {
    return this.#wasm.fail(call, error, now);
  }

  /**
   * Closes every connection and accepts no new ones.
   *
   * @param {number} now
   */
  shutDown(now) {
    this.#wasm.shutDown(now);
  }

  /** Frees the memory of the cloud. */
  free() {
    this.#wasm.free();
  }
}
