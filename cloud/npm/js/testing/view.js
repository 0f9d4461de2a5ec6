/** What a test does with the apps of a target, and what it sees of them. */
import { checkNames, checkOneOf, checkText, show } from "./arguments.js";
import { DIRECTED, FAULT, RESTART, SCENARIO, SHORT_FORMS, TARGET } from "./option-names.js";
import { isOf } from "./record.js";

/**
 * @typedef {import("../../types/testing.d.ts").Target} Target
 * @typedef {import("../../types/testing.d.ts").FaultOptions} FaultOptions
 * @typedef {import("../../types/testing.d.ts").DirectedFaultOptions} DirectedFaultOptions
 * @typedef {import("../../types/testing.d.ts").ControlResponse} ControlResponse
 */

/** Actions and records, restricted to a target. */
export class View {
  #shell;
  #record;
  #target;

  /**
   * @param {import("./shell.js").Shell} shell
   * @param {import("./record.js").Record} record
   * @param {Target} [target]
   */
  constructor(shell, record, target = {}) {
    this.#shell = shell;
    this.#record = record;
    this.#target = target;
  }

  /**
   * Restricts actions and records to some connections.
   *
   * @param {Target | string} target
   * @returns {View}
   */
  of(target) {
    /** @type {Target} */
    const fields = typeof target === "string" ? { sessionId: target } : checkNames("of", target, TARGET);
    const [name, ...rest] = Object.keys(fields);
    if (name === undefined || rest.length > 0) {
      throw new TypeError(`of: expected one of ${TARGET.join(", ")}, not ${show(target)}`);
    }
    checkText(`of: ${name}`, fields[/** @type {keyof Target} */ (name)]);
    return new View(this.#shell, this.#record, fields);
  }

  /**
   * Sends a request of the control interface; an error of the cloud is thrown.
   *
   * @param {string} method
   * @param {string} path
   * @param {object} [body]
   */
  #request(method, path, body) {
    this.#record.begin();
    const response = this.#respond(method, path, body);
    if (response.status >= 400) throw new TypeError(JSON.parse(response.body).error);
    return response.body === "" ? undefined : JSON.parse(response.body);
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {object} [body]
   */
  #respond(method, path, body) {
    // Only the calls of tools have a promise of a response.
    return /** @type {ControlResponse} */ (this.#shell.control(method, path, body));
  }

  /** @param {{ [field: string]: unknown }} options */
  #targeted(options) {
    const isTargeted = TARGET.some((name) => options[name] !== undefined);
    return isTargeted ? options : { ...options, ...this.#target };
  }

  /**
   * @param {string} fault
   * @param {object} fields
   * @param {object | undefined} options
   * @param {readonly string[]} allowed
   * @returns {string[]} ids of the connections
   */
  #fault(fault, fields, options, allowed) {
    checkNames(fault, options, allowed);
    const given = Object.entries(fields).filter(([, value]) => value !== undefined);
    const body = { fault, ...Object.fromEntries(given), ...options };
    return this.#request("POST", "/faults", this.#targeted(body)).connections;
  }

  /**
   * Resets connections, without a close frame.
   *
   * @param {FaultOptions} [options]
   */
  cut(options) {
    return this.#fault("cut", {}, options, FAULT);
  }

  /**
   * Closes connections with a close frame.
   *
   * @param {number} [code]
   * @param {string} [reason]
   * @param {FaultOptions} [options]
   */
  close(code, reason, options) {
    return this.#fault("close", { code, reason }, options, FAULT);
  }

  /**
   * Keeps connections open, but reads and writes nothing.
   *
   * @param {DirectedFaultOptions} [options]
   */
  freeze(options) {
    return this.#fault("freeze", {}, options, DIRECTED);
  }

  /**
   * Resets new connections.
   *
   * @param {FaultOptions} [options]
   */
  refuse(options) {
    return this.#fault("refuse", {}, options, FAULT);
  }

  /**
   * Answers handshakes with an error frame.
   *
   * @param {import("../../types/testing.d.ts").ConnectionErrorCode} [error]
   * @param {FaultOptions} [options]
   */
  reject(error, options) {
    return this.#fault("reject", { error }, options, FAULT);
  }

  /**
   * Delays frames.
   *
   * @param {number} delayMs
   * @param {DirectedFaultOptions} [options]
   */
  delay(delayMs, options) {
    return this.#fault("delay", { delayMs }, options, DIRECTED);
  }

  /**
   * Limits the bytes a second.
   *
   * @param {number} bytesPerSecond
   * @param {DirectedFaultOptions} [options]
   */
  slow(bytesPerSecond, options) {
    return this.#fault("slow", { bytesPerSecond }, options, DIRECTED);
  }

  /**
   * Leaves handshakes unanswered.
   *
   * @param {FaultOptions} [options]
   */
  dropAcks(options) {
    return this.#fault("drop_acks", {}, options, FAULT);
  }

  /**
   * Sends frames that no client can read.
   *
   * @param {FaultOptions} [options]
   */
  malformed(options) {
    return this.#fault("malformed", {}, options, FAULT);
  }

  /**
   * Resets each connection some time after its acknowledgement.
   *
   * @param {number} [delayMs]
   * @param {FaultOptions} [options]
   */
  flap(delayMs, options) {
    return this.#fault("flap", { delayMs }, options, FAULT);
  }

  /**
   * Answers photo requests with an error.
   *
   * @param {FaultOptions} [options]
   */
  failPhotos(options) {
    return this.#fault("fail_photos", {}, options, FAULT);
  }

  /**
   * Restarts the cloud: without a code its connections are reset.
   *
   * @param {import("../../types/testing.d.ts").RestartOptions} [options]
   */
  restart(options) {
    return this.#fault("restart", {}, options, RESTART);
  }

  /** Ends all faults, whatever the target. */
  clearFaults() {
    this.#request("DELETE", "/faults");
  }

  /**
   * Plays a scenario, by name or given as an object.
   *
   * @param {string | (import("../../types/testing.d.ts").Scenario & { name?: string })} scenario
   * @param {Target} [options]
   */
  scenario(scenario, options) {
    checkNames("scenario", options, TARGET);
    if (typeof scenario !== "string") checkNames("scenario", scenario, SCENARIO);
    const names = this.#scenarioNames();
    const body =
      typeof scenario === "string" ? { name: checkOneOf("scenario", scenario, names) } : { ...scenario };
    return this.#request("POST", "/scenarios", this.#targeted({ ...body, ...options }));
  }

  /** @returns {string[]} */
  #scenarioNames() {
    const scenarios = JSON.parse(this.#respond("GET", "/scenarios").body);
    return scenarios.map((/** @type {{ name: string }} */ { name }) => name);
  }

  /**
   * Plays the endless random faults of a seed.
   *
   * @param {number} seed
   * @param {Target} [options]
   */
  seed(seed, options) {
    checkNames("seed", options, TARGET);
    return this.#request("POST", "/scenarios", this.#targeted({ seed, ...options }));
  }

  /** Stops scenarios and seeds, and ends the faults. */
  stop() {
    this.#request("DELETE", "/scenarios", this.#target);
  }

  /**
   * Sends data of a stream to its subscribers.
   *
   * @param {string} stream
   * @param {unknown} [data]
   * @param {Target} [options]
   * @returns {string[]}
   */
  say(stream, data, options) {
    checkNames("say", options, TARGET);
    const body = { stream: checkText("say: stream", stream), data, ...options };
    return this.#request("POST", "/frames", this.#targeted(body)).connections;
  }

  /**
   * Sends a frame with a `type`, or the short form of one.
   *
   * @param {{ type?: string, [field: string]: unknown }} frame
   * @param {Target} [options]
   * @returns {string[]}
   */
  send(frame, options) {
    checkNames("send", options, TARGET);
    const body = frame?.type === undefined ? checkNames("send", frame, SHORT_FORMS) : { frame };
    return this.#request("POST", "/frames", this.#targeted({ ...body, ...options })).connections;
  }

  /**
   * Changes settings: values by key, or a complete list.
   *
   * @param {Record<string, unknown> | readonly unknown[]} settings
   * @param {Target} [options]
   */
  settings(settings, options) {
    return this.send({ settings }, options);
  }

  /**
   * Stops apps.
   *
   * @param {Target & { reason?: string }} [options]
   * @returns {string[]}
   */
  stopApp(options) {
    checkNames("stopApp", options, ["reason", ...TARGET]);
    return this.#request("POST", "/apps/stop", this.#targeted({ ...options })).connections;
  }

  /**
   * The user sessions as in `GET /sessions`.
   *
   * @returns {import("../../types/testing.d.ts").UserSession[]}
   */
  get sessions() {
    /** @type {import("../../types/testing.d.ts").UserSession[]} */
    const sessions = JSON.parse(this.#respond("GET", "/sessions").body);
    if (Object.keys(this.#target).length === 0) return sessions;
    return sessions
      .map((session) => ({
        ...session,
        connections: session.connections.filter((connection) => isOf(this.#target, connection)),
      }))
      .filter(({ connections }) => connections.length > 0);
  }

  /** The connected apps. */
  get connections() {
    return this.sessions.flatMap(({ connections }) => connections);
  }

  /** The streams to which apps are subscribed now, sorted. */
  get subscriptions() {
    const streams = this.sessions.flatMap(({ connections, subscriptions }) =>
      connections.flatMap(({ packageName }) => subscriptions[packageName] ?? []),
    );
    return [...new Set(streams)].sort();
  }

  /** Everything that apps have shown, the newest last. */
  get displays() {
    return this.#record.displays.filter((display) => isOf(this.#target, display));
  }

  /**
   * The frames that the cloud has received from apps, the newest last.
   *
   * @param {string} [type]
   */
  frames(type) {
    if (type !== undefined) checkText("frames: type", type);
    return this.#record.frames
      .filter(({ frame, who }) => isOf(this.#target, who) && (type === undefined || frame.type === type))
      .map(({ frame }) => frame);
  }

  /** The connections that have ended, the newest last. */
  get closures() {
    return this.#record.closures.filter((closure) => isOf(this.#target, closure));
  }

  /** All events as in `GET /events`, the newest last. */
  get events() {
    return this.#record.events.filter((event) => isOf(this.#target, event));
  }
}
