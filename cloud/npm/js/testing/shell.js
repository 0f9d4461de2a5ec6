/** Carries out what the cloud decides, without a network: the run loop around `Cloud`. */
import { Cloud } from "package:core";

import { toJson } from "./arguments.js";
import { Clock } from "./clock.js";
import { socketClass } from "./socket.js";
import { Wire } from "./wire.js";

/** Paths of the cloud's WebSockets. */
const DIALECTS = /** @type {const} */ ([
  ["/tpa-ws", "augmentos"],
  ["/app-ws", "mentraos"],
]);

/**
 * @typedef {import("../../types/index.d.ts").Output} Output
 * @typedef {import("../../types/index.d.ts").AppRequest} AppRequest
 * @typedef {import("../../types/index.d.ts").ControlResponse} ControlResponse
 * @typedef {import("./link.js").Link} Link
 * @typedef {object} Options
 * @property {number} latency Milliseconds.
 * @property {Pick<import("./apps.js").Apps, "send">} apps
 * @property {(event: import("./record.js").CloudEvent) => void} onEvent
 * @property {() => void} onStep Called after everything that has happened.
 */

const disposed = () => new Error("tpa-cloud: this TestCloud is disposed");

export class Shell {
  /** @type {Cloud | undefined} */
  #cloud;
  #clock = new Clock(() => this.#call(() => {}));
  #wire;
  #apps;
  #onEvent;
  #onStep;
  /** @type {Map<number, Link>} */
  #links = new Map();
  #opened = 0;
  #isDraining = false;
  /** Class for the option `WebSocket` of a session. */
  WebSocket = socketClass(this.#line());

  /**
   * @param {import("../../types/index.d.ts").CloudOptions} options
   * @param {Options} shell
   */
  constructor(options, { latency, apps, onEvent, onStep }) {
    this.#wire = new Wire(latency);
    this.#apps = apps;
    this.#onEvent = onEvent;
    this.#onStep = onStep;
    // No option of the server: only tests see what is in frames.
    const config = { ...options, messageContent: true };
    this.#cloud = new Cloud(config, Date.now(), this.#clock.now());
  }

  get isDisposed() {
    return this.#cloud === undefined;
  }

  /**
   * Handles a request of the control interface: the response, for a tool call a promise of it.
   *
   * @param {string} method
   * @param {string} path
   * @param {object} [body]
   * @param {string} [query]
   * @returns {ControlResponse | Promise<ControlResponse>}
   */
  control(method, path, body, query) {
    if (this.isDisposed) throw disposed();
    const json = body === undefined ? undefined : toJson(body);
    const answer = this.#call((cloud, now) => cloud.control({ method, path, query, body: json }, now));
    if (answer === undefined) throw new TypeError(`no such path: ${method} ${path}`);
    if (!("call" in answer)) return answer;
    return this.#send(answer).then((response) => response ?? Promise.reject(disposed()));
  }

  shutDown() {
    this.#call((cloud, now) => cloud.shutDown(now));
  }

  dispose() {
    this.#clock.wake(undefined);
    this.#cloud?.free();
    this.#cloud = undefined;
    for (const link of this.#links.values()) link.carryOut({ type: "cut" });
    this.#links.clear();
  }

  /**
   * What sockets see of the cloud.
   *
   * @returns {import("./link.js").Line}
   */
  #line() {
    return {
      pass: (call) => this.#wire.pass(() => (call(), this.#onStep())),
      open: (link, { pathname }) => this.#open(link, pathname),
      drain: () => this.#drain(),
      frame: (id, frame) =>
        this.#call((cloud, now) =>
          typeof frame === "string" ? cloud.text(id, frame, now) : cloud.binary(id, frame, now),
        ),
      pong: (id) => this.#call((cloud, now) => cloud.pong(id, now)),
      closed: (id, code, reason) => this.#call((cloud, now) => cloud.closed(id, code, reason, now)),
      gone: (id) => {
        this.#links.delete(id);
        this.#call((cloud, now) => cloud.gone(id, now));
      },
    };
  }

  /**
   * @param {Link} link
   * @param {string} path
   */
  #open(link, path) {
    const dialect = DIALECTS.find(([suffix]) => path.endsWith(suffix))?.[1];
    // As a server answers 404.
    if (dialect === undefined || this.#cloud === undefined) return "refused";
    const id = this.#cloud.open(`app:${++this.#opened}`, dialect, this.#clock.now());
    if (typeof id === "number") this.#links.set(id, link);
    else this.#drain();
    return id;
  }

  /**
   * Calls the cloud and carries out its outputs.
   *
   * @template T
   * @param {(cloud: Cloud, now: number) => T} call
   * @returns {T | undefined}
   */
  #call(call) {
    if (this.#cloud === undefined) return undefined;
    const now = this.#clock.now();
    if (!this.#isDraining) this.#expire(now);
    const result = call(this.#cloud, now);
    this.#drain();
    return result;
  }

  /**
   * Lets the timers of the cloud expire that are due, each at its time: a test may have advanced its
   * timers further in one step.
   *
   * @param {number} now
   */
  #expire(now) {
    for (;;) {
      const at = this.#cloud?.nextTimeout();
      if (at === undefined || at > now) return;
      this.#cloud?.timeout(at);
      this.#drain();
    }
  }

  #drain() {
    if (this.#isDraining) return;
    this.#isDraining = true;
    try {
      for (let output; (output = this.#cloud?.poll()) !== undefined;) this.#carryOut(output);
    } finally {
      this.#isDraining = false;
    }
    if (this.#cloud !== undefined) this.#clock.wake(this.#cloud.nextTimeout());
  }

  /** @param {Output} output */
  #carryOut(output) {
    switch (output.type) {
      case "event":
        return this.#onEvent(/** @type {import("./record.js").CloudEvent} */ (output.event));
      case "webhook":
      case "appCall":
        return void this.#send(output);
      default:
        this.#links.get(output.to)?.carryOut(output);
    }
  }

  /**
   * Sends a request to an app and reports the result. Returns the response to a tool call.
   *
   * @param {AppRequest} call
   * @returns {Promise<ControlResponse | undefined>}
   */
  async #send(call) {
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    /** @type {Promise<never>} */
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(call.timeoutError)), call.timeoutMs);
    });
    try {
      const { status, body } = await Promise.race([this.#apps.send(call), late]);
      return this.#call((cloud, now) => cloud.answer(call.call, status, body, now));
    } catch (error) {
      const reason = String(/** @type {any} */ (error)?.message ?? error);
      return this.#call((cloud, now) => cloud.fail(call.call, reason, now));
    } finally {
      clearTimeout(timer);
    }
  }
}
