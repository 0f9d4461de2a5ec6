/** What a test does with the apps of a target, and what it sees of them. */
import { checkNames, checkOneOf, checkText, show } from "./arguments.js";
import { DIRECTED, FAULT, RESTART, SCENARIO, SHORT_FORMS, TARGET } from "./option-names.js";
import { isOf } from "./record.js";

/** Actions and records, restricted to a target. */
export class View {
  #shell;
  #record;
  #target;

  constructor(shell, record, target = {}) {
    this.#shell = shell;
    this.#record = record;
    this.#target = target;
  }

  /** Restricts actions and records to some connections. */
  of(target) {
    const fields = typeof target === "string" ? { sessionId: target } : checkNames("of", target, TARGET);
    const [name, ...rest] = Object.keys(fields);
    if (name === undefined || rest.length > 0) {
      throw new TypeError(`of: expected one of ${TARGET.join(", ")}, not ${show(target)}`);
    }
    checkText(`of: ${name}`, fields[name]);
    return new View(this.#shell, this.#record, fields);
  }

  /** Sends a request of the control interface; an error of the cloud is thrown. */
  #request(method, path, body) {
    this.#record.begin();
    const response = this.#shell.control(method, path, body);
    if (response.status >= 400) throw new TypeError(JSON.parse(response.body).error);
    return response.body === "" ? undefined : JSON.parse(response.body);
  }

  #targeted(options) {
    const isTargeted = TARGET.some((name) => options[name] !== undefined);
    return isTargeted ? options : { ...options, ...this.#target };
  }

  #fault(fault, fields, options, allowed) {
    checkNames(fault, options, allowed);
    const given = Object.entries(fields).filter(([, value]) => value !== undefined);
    const body = { fault, ...Object.fromEntries(given), ...options };
    return this.#request("POST", "/faults", this.#targeted(body)).connections;
  }

  /** Resets connections, without a close frame. */
  cut(options) {
    return this.#fault("cut", {}, options, FAULT);
  }

  /** Closes connections with a close frame. */
  close(code, reason, options) {
    return this.#fault("close", { code, reason }, options, FAULT);
  }

  /** Keeps connections open, but reads and writes nothing. */
  freeze(options) {
    return this.#fault("freeze", {}, options, DIRECTED);
  }

  /** Resets new connections. */
  refuse(options) {
    return this.#fault("refuse", {}, options, FAULT);
  }

  /** Answers handshakes with an error frame. */
  reject(error, options) {
    return this.#fault("reject", { error }, options, FAULT);
  }

  /** Delays frames. */
  delay(delayMs, options) {
    return this.#fault("delay", { delayMs }, options, DIRECTED);
  }

  /** Limits the bytes a second. */
  slow(bytesPerSecond, options) {
    return this.#fault("slow", { bytesPerSecond }, options, DIRECTED);
  }

  /** Leaves handshakes unanswered. */
  dropAcks(options) {
    return this.#fault("drop_acks", {}, options, FAULT);
  }

  /** Sends frames that no client can read. */
  malformed(options) {
    return this.#fault("malformed", {}, options, FAULT);
  }

  /** Resets each connection some time after its acknowledgement. */
  flap(delayMs, options) {
    return this.#fault("flap", { delayMs }, options, FAULT);
  }

  /** Answers photo requests with an error. */
  failPhotos(options) {
    return this.#fault("fail_photos", {}, options, FAULT);
  }

  /** Restarts the cloud: without a code its connections are reset. */
  restart(options) {
    return this.#fault("restart", {}, options, RESTART);
  }

  /** Ends all faults, whatever the target. */
  clearFaults() {
    this.#request("DELETE", "/faults");
  }

  /** Plays a scenario, by name or given as an object. */
  scenario(scenario, options) {
    checkNames("scenario", options, TARGET);
    if (typeof scenario !== "string") checkNames("scenario", scenario, SCENARIO);
    const names = JSON.parse(this.#shell.control("GET", "/scenarios").body).map(({ name }) => name);
    const body =
      typeof scenario === "string" ? { name: checkOneOf("scenario", scenario, names) } : { ...scenario };
    return this.#request("POST", "/scenarios", this.#targeted({ ...body, ...options }));
  }

  /** Plays the endless random faults of a seed. */
  seed(seed, options) {
    checkNames("seed", options, TARGET);
    return this.#request("POST", "/scenarios", this.#targeted({ seed, ...options }));
  }

  /** Stops scenarios and seeds, and ends the faults. */
  stop() {
    this.#request("DELETE", "/scenarios", this.#target);
  }

  /** Sends data of a stream to its subscribers. */
  say(stream, data, options) {
    checkNames("say", options, TARGET);
    const body = { stream: checkText("say: stream", stream), data, ...options };
    return this.#request("POST", "/frames", this.#targeted(body)).connections;
  }

  /** Sends a frame with a `type`, or the short form of one. */
  send(frame, options) {
    checkNames("send", options, TARGET);
    const body = frame?.type === undefined ? checkNames("send", frame, SHORT_FORMS) : { frame };
    return this.#request("POST", "/frames", this.#targeted({ ...body, ...options })).connections;
  }

  /** Changes settings: values by key, or a complete list. */
  settings(settings, options) {
    return this.send({ settings }, options);
  }

  /** Stops apps. */
  stopApp(options) {
    checkNames("stopApp", options, ["reason", ...TARGET]);
    return this.#request("POST", "/apps/stop", this.#targeted({ ...options })).connections;
  }

  /** The user sessions as in `GET /sessions`. */
  get sessions() {
    const sessions = JSON.parse(this.#shell.control("GET", "/sessions").body);
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

  /** The frames that the cloud has received from apps, the newest last. */
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
