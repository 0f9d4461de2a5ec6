/** The run loop around the cloud. The numbered comments are the steps in `core/cloud.js`. */
import { Cloud } from "package:core";

import { AppCaller } from "./app-calls.js";
import { logEvent } from "./event-log.js";
import { Feed } from "./feed.js";

/**
 * Bytes that may wait for all connections together, in both directions, for two full send buffers at
 * least.
 */
const MAX_BUFFERED = 16 * 1024 * 1024;

/** Bytes of the frames that all connections are receiving. */
const MAX_RECEIVING = 8 * 1024 * 1024;

/** Longest timeout of Node, in milliseconds. */
const MAX_TIMEOUT = 2 ** 31 - 1;

/**
 * @typedef {import("./connection.js").Connection} Connection
 * @typedef {import("../../types/index.d.ts").AppRequest} AppRequest
 * @typedef {import("../../types/index.d.ts").CloudOptions} CloudOptions
 * @typedef {import("../../types/index.d.ts").ControlResponse} ControlResponse
 * @typedef {import("../../types/index.d.ts").Output} Output
 */

const now = () => performance.now();

export class Driver {
  feed = new Feed();
  /** Bytes that wait for all connections, and that all of them are receiving. */
  sending = 0;
  receiving = 0;
  #caller = new AppCaller();
  /** @type {Map<number, Connection>} */
  #connections = new Map();
  /** @type {NodeJS.Timeout | undefined} */
  #timer;
  #timerAt = Infinity;
  #isRunning = false;
  /** @type {(() => void) | undefined} */
  #emptied;

  /**
   * @param {CloudOptions} options
   * @param {import("../cli/log.js").Log} log
   */
  constructor(options, log) {
    this.#cloud = new Cloud(options, Date.now(), now());
    this.log = log;
    this.maxBuffered = Math.max(MAX_BUFFERED, 2 * (options.maxSendBuffer ?? 0));
  }

  /** @type {Cloud} */
  #cloud;

  get socketCount() {
    return this.#cloud.socketCount;
  }

  /**
   * Calls the cloud and carries out its outputs.
   *
   * @template T
   * @param {(cloud: Cloud, now: number) => T} call
   * @returns {T}
   */
  with(call) {
    // 1. The call. While outputs are carried out, their loop goes on with those of this call.
    const result = call(this.#cloud, now());
    if (this.#isRunning) return result;
    // 2. The outputs.
    this.#isRunning = true;
    try {
      for (let output; (output = this.#cloud.poll()) !== undefined;) this.#carryOut(output);
    } finally {
      this.#isRunning = false;
    }
    // 3. The timeout, if it is earlier now. If it is later, the next call is spurious, which is
    // cheaper than a new timer for each postponed ping.
    const at = this.#cloud.nextTimeout() ?? Infinity;
    if (at < this.#timerAt) this.#wakeAt(at);
    if (this.#emptied && this.socketCount === 0) this.#emptied();
    return result;
  }

  /** @param {number} at */
  #wakeAt(at) {
    clearTimeout(this.#timer);
    this.#timerAt = at;
    const delay = Math.min(MAX_TIMEOUT, Math.max(1, Math.ceil(at - now())));
    this.#timer = setTimeout(() => {
      this.#timerAt = Infinity;
      this.with((cloud, time) => cloud.timeout(time));
    }, delay);
  }

  /** @param {Output} output */
  #carryOut(output) {
    switch (output.type) {
      case "event":
        this.#publish(output);
        break;
      case "webhook":
        void this.#call(output, this.#caller.webhook(output));
        break;
      case "appCall":
        void this.#call(output, this.#caller.call(output));
        break;
      default:
        this.#connections.get(output.to)?.carryOut(output);
        this.#boundSending();
    }
  }

  /** Resets the connections with the longest queues while all buffers together are too long. */
  #boundSending() {
    while (this.sending + this.receiving > this.maxBuffered) {
      const longest = this.#largest((connection) => connection.queuedBytes);
      if (longest === undefined) return;
      this.log.add("debug", `send buffers full connection=c${longest.id}`);
      longest.reset();
      this.#cloud.congested(longest.id, now());
    }
  }

  /**
   * Resets connections with long send queues, and those with the largest receive buffers, as far as
   * they are too large together.
   */
  boundReceiving() {
    if (this.sending + this.receiving > this.maxBuffered) this.with(() => this.#boundSending());
    while (this.receiving > MAX_RECEIVING) {
      const largest = this.#largest((connection) => connection.receivingBytes);
      if (largest === undefined) return;
      this.log.add("debug", `receive buffers full connection=c${largest.id}`);
      largest.reset();
      this.with((cloud, time) => cloud.overrun(largest.id, time));
    }
  }

  /** @param {(connection: Connection) => number} size */
  #largest(size) {
    /** @type {Connection | undefined} */
    let largest;
    for (const connection of this.#connections.values()) {
      if (size(connection) > (largest === undefined ? 0 : size(largest))) largest = connection;
    }
    return largest;
  }

  /** @param {{ json: string, readonly event: Record<string, any> }} output */
  #publish(output) {
    logEvent(this.log, output);
    this.feed.add(output.json);
  }

  /**
   * Reports the result of a request to an app.
   *
   * @param {AppRequest} request
   * @param {Promise<import("./app-calls.js").Answer>} answer
   * @returns {Promise<ControlResponse | undefined>}
   */
  async #call({ call }, answer) {
    try {
      const { status, body } = await answer;
      return this.with((cloud, time) => cloud.answer(call, status, body, time));
    } catch (error) {
      const { message } = /** @type {Error} */ (error);
      return this.with((cloud, time) => cloud.fail(call, message, time));
    }
  }

  /**
   * Answers a request of the control interface; undefined if there is no such path.
   *
   * @param {{ method: string, path: string, query: string, body: Uint8Array }} request
   * @returns {Promise<ControlResponse | undefined>}
   */
  async control(request) {
    const answer = this.with((cloud, time) => cloud.control(request, time));
    if (answer === undefined || !("call" in answer)) return answer;
    return this.#call(answer, this.#caller.call(answer));
  }

  /**
   * Opens a socket of a TPA: the connection, or why it is not accepted. It is registered before its
   * first output is carried out.
   *
   * @param {string} peer
   * @param {"augmentos" | "mentraos"} dialect
   * @param {(id: number) => Connection} make
   * @returns {Connection | "reset" | "full"}
   */
  open(peer, dialect, make) {
    return this.with((cloud, time) => {
      const id = cloud.open(peer, dialect, time);
      if (typeof id === "string") return id;
      const connection = make(id);
      this.#connections.set(id, connection);
      return connection;
    });
  }

  /**
   * Reports the end of a socket.
   *
   * @param {number} id
   */
  gone(id) {
    this.with((cloud, time) => cloud.gone(id, time));
    this.#connections.delete(id);
  }

  /** Closes every connection; resolved once all sockets are closed. */
  async shutDown() {
    /** @type {Promise<void>} */
    const emptied = new Promise((resolve) => (this.#emptied = resolve));
    // The cloud resets sockets that do not answer the close frame.
    this.with((cloud, time) => cloud.shutDown(time));
    await emptied;
    clearTimeout(this.#timer);
  }
}
