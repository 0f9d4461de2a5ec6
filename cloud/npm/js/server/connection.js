/** A TPA's socket with its send queue. */
import { WebSocket } from "ws";

/** Size of a frame without its payload, in bytes. */
const OVERHEAD = 64;

/** Part of each receive buffer that does not count. */
const FREE_BYTES = 16 * 1024;

/** Bytes of a read after which there is more. The event loop would go on to 2 MB before it serves others. */
const READ_BYTES = 64 * 1024;

/** Code for a close frame without a code, by RFC 6455. */
const NO_CODE = 1005;

const TOO_BIG = 1009;

/** @typedef {Exclude<import("../../types/index.d.ts").Output, { type: "webhook" | "appCall" | "event" }>} Output */

/**
 * A frame that waits to be sent, without its text.
 *
 * @typedef {{ type: Output["type"], bytes: Uint8Array, close: Extract<Output, { type: "close" }> | undefined, cost: number }} Queued
 */

/**
 * A WebSocket whose close frames are those of the cloud. The library would answer an invalid frame
 * with one of its own.
 */
export class TpaSocket extends WebSocket {
  /** @type {Connection | undefined} */
  connection;

  /**
   * Called by the library: for the peer's close frame, which has a reason if it has a code; and for
   * an invalid frame.
   *
   * @param {number} [code]
   * @param {string | Buffer} [reason]
   */
  close(code, reason) {
    if (code === undefined || reason !== undefined) {
      super.close(code, reason);
      this.connection?.onPeerClose(code ?? NO_CODE, String(reason ?? ""));
    } else this.connection?.onInvalid(code === TOO_BIG);
  }

  /**
   * Sends a close frame.
   *
   * @param {number} code
   * @param {string} reason
   */
  sendClose(code, reason) {
    super.close(code, reason);
  }
}

const NO_BYTES = Buffer.alloc(0);

/** The last text frame, which connections share: a broadcast is one copy, however many wait for it. */
const last = { text: "", bytes: NO_BYTES };

/**
 * Payload of a frame, for the limits of buffers too.
 *
 * @param {Output} frame
 * @returns {Uint8Array}
 */
function payloadOf(frame) {
  if (frame.type === "binary") return frame.bytes;
  if (frame.type !== "text") return NO_BYTES;
  if (frame.text !== last.text) {
    last.text = frame.text;
    last.bytes = Buffer.from(frame.text);
  }
  return last.bytes;
}

export class Connection {
  /** Bytes of the queue, and of the frames that the socket has not sent. */
  queuedBytes = 0;
  /** Bytes of the frame that is being received, as far as they count. */
  receivingBytes = 0;
  #unfinished = 0;
  #sending = 0;
  /** @type {Queued[]} */
  #queue = [];
  /** @type {(() => void)[]} */
  #held = [];
  #isFrozen = false;
  #isReset = false;
  #isScheduled = false;
  /** @type {TpaSocket | undefined} */
  #socket;

  /**
   * @param {number} id
   * @param {import("node:net").Socket} tcp
   * @param {import("./driver.js").Driver} driver
   * @param {number} maxSendBuffer
   */
  constructor(id, tcp, driver, maxSendBuffer) {
    this.id = id;
    this.tcp = tcp;
    this.driver = driver;
    this.maxSendBuffer = maxSendBuffer;
    tcp.on("close", () => this.#onClose());
  }

  /**
   * Begins to send and to receive, after the upgrade.
   *
   * @param {TpaSocket} socket
   */
  attach(socket) {
    const { driver, id } = this;
    this.#socket = socket;
    socket.connection = this;
    // Before the listener of the library, which receives the frames.
    this.tcp.prependListener("data", (/** @type {Buffer} */ chunk) => this.#onBytes(chunk.length));
    this.tcp.on("drain", () => this.#onDrain());
    socket.on("message", (/** @type {Buffer} */ data, isBinary) => {
      this.#setReceiving(0);
      this.#arrived(() =>
        driver.with((cloud, now) =>
          isBinary ? cloud.binary(id, data, now) : cloud.text(id, data.toString(), now),
        ),
      );
    });
    // The library answers pings.
    socket.on("ping", () => this.#arrived(() => driver.with((cloud, now) => cloud.ping(id, now))));
    socket.on("pong", () => this.#arrived(() => driver.with((cloud, now) => cloud.pong(id, now))));
    socket.on("error", (error) =>
      driver.log.add("debug", `cannot read connection=c${id} error=${error.message}`),
    );
    if (this.#isFrozen) socket.pause();
    this.#schedule();
  }

  /**
   * Handles what has arrived, later if the connection is frozen: the library may have read more.
   *
   * @param {() => void} handle
   */
  #arrived(handle) {
    if (this.#isFrozen) this.#held.push(handle);
    else if (!this.#isReset) handle();
  }

  /**
   * @param {number} code
   * @param {string} reason
   */
  onPeerClose(code, reason) {
    this.#arrived(() => this.driver.with((cloud, now) => cloud.closed(this.id, code, reason, now)));
  }

  /** @param {boolean} isTooBig */
  onInvalid(isTooBig) {
    // The rest of a long frame precedes the peer's close frame, so the cloud resets the socket.
    if (isTooBig) this.#arrived(() => this.driver.with((cloud, now) => cloud.tooBig(this.id, now)));
    else this.tcp.destroy();
  }

  /** @param {number} length */
  #onBytes(length) {
    this.#setReceiving(this.#unfinished + length);
    if (this.receivingBytes > 0) this.driver.boundReceiving();
    if (length >= READ_BYTES) this.#yield();
  }

  /** Reads no more until the event loop has served other connections. */
  #yield() {
    this.#socket?.pause();
    setImmediate(() => {
      if (!this.#isFrozen && !this.#isReset) this.#socket?.resume();
    });
  }

  /** @param {number} unfinished */
  #setReceiving(unfinished) {
    const counted = Math.max(0, unfinished - FREE_BYTES);
    this.driver.receiving += counted - this.receivingBytes;
    this.receivingBytes = counted;
    this.#unfinished = unfinished;
  }

  /**
   * Carries out an output.
   *
   * @param {Output} output
   */
  carryOut(output) {
    if (output.type === "cut") this.reset();
    else if (output.type === "freeze") this.#freeze(output.frozen);
    else this.#add(output);
  }

  /** @param {Output} frame */
  #add(frame) {
    if (this.#isReset) return;
    const bytes = payloadOf(frame);
    const cost = bytes.length + OVERHEAD;
    if (this.queuedBytes + cost > this.maxSendBuffer) {
      this.driver.with((cloud, now) => cloud.congested(this.id, now));
      return;
    }
    this.#count(cost);
    const close = frame.type === "close" ? frame : undefined;
    this.#queue.push({ type: frame.type, bytes, close, cost });
    this.#schedule();
  }

  /** @param {number} cost */
  #count(cost) {
    this.queuedBytes += cost;
    this.driver.sending += cost;
  }

  /** Writes after the outputs of the cloud, so that several frames are one write. */
  #schedule() {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.#write();
    });
  }

  #write() {
    const { tcp } = this;
    if (this.#isFrozen || this.#isReset || this.#queue.length === 0 || tcp.writableNeedDrain) return;
    const socket = this.#socket;
    if (socket === undefined) return;
    tcp.cork();
    let sent = 0;
    for (const frame of this.#queue) {
      send(socket, frame);
      this.#sending += frame.cost;
      sent += 1;
      if (tcp.writableNeedDrain) break;
    }
    this.#queue.splice(0, sent);
    tcp.uncork();
    if (!tcp.writableNeedDrain) this.#onSent();
  }

  #onSent() {
    this.#count(-this.#sending);
    this.#sending = 0;
  }

  #onDrain() {
    this.#onSent();
    this.#write();
  }

  /** @param {boolean} frozen */
  #freeze(frozen) {
    if (this.#isFrozen === frozen || this.#isReset) return;
    this.#isFrozen = frozen;
    if (frozen) {
      this.#socket?.pause();
      return;
    }
    for (const handle of this.#held.splice(0)) this.#arrived(handle);
    this.#socket?.resume();
    this.#schedule();
  }

  /** Resets the TCP connection. */
  reset() {
    if (this.#isReset) return;
    this.#isReset = true;
    this.#release();
    this.tcp.resetAndDestroy();
  }

  /** Drops all that is queued and held. */
  #release() {
    this.#queue = [];
    this.#held = [];
    this.#sending = 0;
    this.#count(-this.queuedBytes);
    this.#setReceiving(0);
  }

  #onClose() {
    this.#isReset = true;
    this.#release();
    this.driver.gone(this.id);
  }
}

/**
 * @param {TpaSocket} socket
 * @param {Queued} frame
 */
function send(socket, { type, bytes, close }) {
  if (close) socket.sendClose(close.code, close.reason);
  else if (type === "ping") socket.ping();
  else socket.send(bytes, { binary: type === "binary" });
}
