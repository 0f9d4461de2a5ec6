/**
 * Shell of the core: one process of a cluster. It joins the core to a store and to the sessions of a
 * server, and decides nothing.
 *
 * @import { ClusterOpening, ClusterStore } from "../../types/cluster.js"
 * @import { Answer } from "../server/http-error.js"
 * @import { Log } from "../server/log.js"
 * @import { Report } from "../server/report.js"
 * @import { SessionRequest, StopRequest } from "../server/request.js"
 * @import { Sessions } from "../server/sessions.js"
 * @import { Input, NewRequest, Output, OutputOf } from "./io.js"
 *
 * @typedef {object} Parts
 * @property {string} packageName
 * @property {Log} log
 * @property {Report} report
 * @property {(url: URL) => void} checkCloud throws for a cloud that the app does not allow
 * @property {any} WebSocket option of the app
 * @property {number | undefined} maxFrameBytes option of the app
 *
 * @typedef {{ name: string | undefined, lease: number, strict: boolean, photos: "store" | "here" }} Settings
 * @typedef {(body: any, bytes: Uint8Array | undefined) => Promise<Answer> | Answer | undefined} Handler
 */
import { withTimeout } from "../server/with-timeout.js";
import { mayWait } from "./calls.js";
import { createState, deadline, mayPass, step } from "./core.js";
import { guardStore } from "./guard-store.js";
import { Observer } from "./observer.js";
import { jsonOf } from "./previous.js";
import { Sockets } from "./sockets.js";
import { Timer } from "./timer.js";

/** What logs call the end of a session that goes to another process, or was stopped. */
const ENDING = "the end of a session";

export class Member {
  /** @type {Sessions} */
  #sessions = /** @type {any} */ (undefined);
  #settings;
  #parts;
  #state;
  #store;
  #timer = new Timer(() => this.#input({ type: "timer" }));
  /** Requests without an answer. @type {Map<string, { request: any, answer: (answer: any) => void }>} */
  #requests = new Map();
  /** Sessions of this process by id. @type {Map<string, number>} */
  #holds = new Map();
  /** Handlers of calls that other processes forward. @type {Map<string, Handler>} */
  #handlers = new Map();
  #nextRequest = 1;
  #isReady = false;
  /** @type {() => void} */
  #hasLeft = () => {};
  #leaveTimeout = 0;
  /** Versions that were warned of. */
  #strangers = new Set();
  #observer;
  #sockets;

  /**
   * @param {Settings} settings
   * @param {(opening: ClusterOpening) => ClusterStore} open
   * @param {Parts} parts
   */
  constructor(settings, open, parts) {
    const { name = String(globalThis.process?.pid ?? "server"), lease, strict } = settings;
    const instance = `${name}.${crypto.randomUUID().slice(0, 13)}`;
    const warn = (/** @type {string} */ text) => parts.log("warn", `cluster: ${text}`);
    this.#settings = settings;
    this.#parts = parts;
    this.#store = guardStore(open({ packageName: parts.packageName, instance, warn }), warn);
    this.#state = createState({ instance, lease, strict }, clocks());
    this.#observer = new Observer(parts, this.#state, () => this.isReady);
    this.#sockets = new Sockets(parts.WebSocket, parts.maxFrameBytes, () => this.#mayPass());
  }

  /** Option of the sessions: sockets that a process closes for a moment after it stood still. */
  get WebSocket() {
    return this.#sockets.WebSocket;
  }

  /** True once the store has answered, until the process leaves, unless it hears no messages. */
  get isReady() {
    return this.#isReady && !this.#state.isLeaving && this.#store.isDeaf !== true;
  }

  /** Number of other processes that it knows. */
  get peers() {
    return this.#state.peers.size;
  }

  /** @param {Sessions} sessions */
  open(sessions) {
    this.#sessions = sessions;
    this.#sockets.load();
    const listener = (/** @type {string} */ text) => this.#receive(text);
    const resumed = () => this.#input({ type: "resumed" });
    void this.#try("subscribe", () => this.#store.subscribe(this.#state.instance, listener, resumed));
    this.#observer.joined();
    this.#input({ type: "open" });
  }

  /** @param {SessionRequest} request @returns {Promise<Answer>} */
  start(request) {
    return this.#start(request, {});
  }

  /**
   * Serves a request once more, whose session has ended since.
   *
   * @param {SessionRequest} request
   * @returns {Promise<Answer>}
   */
  again(request) {
    return this.#start(request, { isAgain: true });
  }

  /** @param {SessionRequest} request @param {{ isAgain?: true }} how @returns {Promise<Answer>} */
  async #start(request, how) {
    await this.#sockets.loaded;
    const { sessionId, userId, url, at, trace } = request;
    const body = { sessionId, userId, url: placeOf(url), at, trace, ...how };
    return this.#ask({ type: "start", request: body }, request);
  }

  /** @param {StopRequest} request @returns {Promise<Answer>} */
  stop(request) {
    const { sessionId, userId, reason, at } = request;
    return this.#ask({ type: "stop", request: { sessionId, userId, reason, at } }, request);
  }

  /**
   * Passes a call on to the process with a session, unless that is this one.
   *
   * @param {import("./messages.js").CallName} what
   * @param {string} userId
   * @param {unknown} body JSON
   * @returns {Promise<Answer | undefined>} `undefined` if no other process has it
   */
  forward(what, userId, body) {
    if (this.#sessions.ofUser(userId).length > 0) return Promise.resolve(undefined);
    const sessionId = `${userId}-${this.#parts.packageName}`;
    return this.#ask({ type: "forward", what, sessionId, body }, undefined);
  }

  /** First characters of the ids of requests for which sessions of this process wait. */
  get requestPrefix() {
    return `${this.#state.instance}.`;
  }

  /** True if another process may wait for a photo. @param {string} [requestId] `undefined` for any photo */
  maySend(requestId) {
    if (this.#settings.photos === "here") return false;
    return requestId === undefined ? this.peers > 0 : mayWait(this.#state, instanceOf(requestId));
  }

  /**
   * Passes a photo on to the process that waits for it.
   *
   * @param {{ requestId: string }} photo JSON
   * @param {Uint8Array | undefined} bytes `undefined` for a photo that the glasses could not take
   * @returns {Promise<Answer | undefined>} `undefined` if no other process waits for it
   */
  sendPhoto(photo, bytes) {
    if (!this.maySend(photo.requestId)) return Promise.resolve(undefined);
    return this.#ask({ type: "photo", owner: instanceOf(photo.requestId), photo, bytes }, undefined);
  }

  /** Sets the handler of the calls of one kind. @param {string} what @param {Handler} handler */
  handle(what, handler) {
    this.#handlers.set(what, handler);
  }

  /** Closes a session, and waits for the end of its connection. @param {() => void} close */
  closing(close) {
    return this.#sockets.closing(close);
  }

  /** A session of this process has ended. @param {string} sessionId */
  ended(sessionId) {
    const hold = this.#holds.get(sessionId);
    if (hold === undefined) return;
    this.#holds.delete(sessionId);
    this.#input({ type: "ended", hold, sessionId });
    // The call of `onStop` follows in the same task.
    void Promise.resolve()
      .then(() => this.#sessions.stopped(sessionId))
      .then(() => this.#input({ type: "over", hold, wasOpen: false }));
  }

  /**
   * Hands all sessions over to other processes, and leaves the cluster.
   *
   * @param {number} timeout ms
   */
  async leave(timeout) {
    this.#leaveTimeout = performance.now() + timeout;
    const hadSessions = this.#holds.size > 0;
    const left = new Promise((resolve) => (this.#hasLeft = () => resolve(undefined)));
    this.#input({ type: "leave" });
    const timer = setTimeout(this.#hasLeft, timeout);
    await left;
    clearTimeout(timer);
    // Until the last onStop has returned, requests are passed on and stops are written.
    await this.#try("close", () => this.#sessions.close({ release: false }, this.#timeLeft()));
    this.#timer.clear();
    this.#sockets.close();
    this.#isReady = false;
    this.#observer.left(hadSessions);
    const closed = this.#try("close", () => this.#store.close());
    await withTimeout(this.#timeLeft(), closed);
  }

  /** @param {NewRequest} input @param {unknown} request @returns {Promise<any>} */
  #ask(input, request) {
    return new Promise((resolve) => {
      const id = `r${this.#nextRequest++}`;
      this.#requests.set(id, { request, answer: resolve });
      this.#input({ ...input, id });
    });
  }

  #mayPass() {
    if (mayPass(this.#state, clocks())) return true;
    if (this.#state.gate === "open") this.#input({ type: "wake" });
    return false;
  }

  /** @param {string} text */
  #receive(text) {
    try {
      this.#input({ type: "message", message: JSON.parse(text) });
    } catch (error) {
      this.#log("message failed", error);
    }
  }

  /** @param {Input} input */
  #input(input) {
    try {
      for (const output of step(this.#state, input, clocks())) this.#carryOut(output);
    } catch (error) {
      this.#log(`${input.type} failed`, error);
    }
    this.#timer.set(deadline(this.#state));
  }

  /** @param {Output} output */
  #carryOut(output) {
    this.#observer.observe(output);
    switch (output.type) {
      case "command":
        return void this.#command(output);
      case "begin":
        return void this.#begin(output);
      case "serve":
        return void this.#serve(output);
      case "end":
        return void this.#end(output);
      case "redial":
        return this.#sessions.reopen(output.sessionId);
      case "handOver":
        return void this.#handOver(output);
      case "answer":
        this.#requests.get(output.id)?.answer(output.answer);
        return void this.#requests.delete(output.id);
      case "local":
        return void this.#handleCall(output);
      case "gate":
        return output.isOpen ? this.#sockets.release() : undefined;
      case "warm":
        return void this.#warmUp(output.url);
      case "left":
        return this.#hasLeft();
      case "alone":
      case "quarantine":
      case "version":
        return this.#tell(output);
    }
  }

  /** @param {OutputOf<"alone" | "quarantine" | "version">} output */
  #tell(output) {
    const { log, report } = this.#parts;
    if (output.type === "alone") {
      if (!output.isAlone) this.#isReady = true;
      else log("warn", "cluster: the store does not answer; the sessions go on");
    } else if (output.type === "quarantine") {
      const { sessionId, userId, wait } = output;
      const seconds = Math.ceil(wait / 1000);
      const error = new Error(`the processes of this session end again and again; it starts in ${seconds} s`);
      report(error, { sessionId, userId, where: "quarantine" });
    } else if (!this.#strangers.has(output.name)) {
      const { name, version, known } = output;
      this.#strangers.add(name);
      const text = `the process ${name} uses version ${version} of the records, this one knows ${known}`;
      log("error", `cluster: ${text}; use the same version of tpa-session, or another prefix for each`);
    }
  }

  /** @param {OutputOf<"command">} output */
  async #command({ id, name, args }) {
    let result;
    const start = performance.now();
    try {
      result = { value: await /** @type {any} */ (this.#store)[name](...args) };
    } catch {
      // The store has reported it; the core counts it as unsure.
    }
    this.#observer.command(name, performance.now() - start, result !== undefined);
    this.#input({ type: "answer", id, result });
  }

  /** @param {OutputOf<"begin">} output */
  async #begin({ hold, sessionId, userId, url, at, reply, previous }) {
    this.#holds.set(sessionId, hold);
    const given = reply === undefined ? undefined : this.#requests.get(reply)?.request;
    const isCurrent = () => this.#holds.get(sessionId) === hold;
    try {
      await this.#sockets.loaded;
      this.#sockets.check();
      const target = given?.url ?? this.#targetOf(url);
      const type = /** @type {const} */ ("session_request");
      const request = { type, sessionId, userId, url: target, at };
      const moved = reply === undefined ? { previous } : undefined;
      const answer = isCurrent() ? await this.#sessions.start(request, moved) : undefined;
      if (answer?.status === 200 && isCurrent()) this.#input({ type: "connected", hold, sessionId });
      this.#result(reply, answer ?? failed("the session has moved to another process"));
    } catch (error) {
      this.#refuse(reply, "the session could not start", error, sessionId);
    }
    if (isCurrent() && !this.#sessions.live.has(sessionId)) this.ended(sessionId);
  }

  /** @param {OutputOf<"serve">} output */
  async #serve({ sessionId, userId, url, at, reply }) {
    const given = this.#requests.get(reply)?.request;
    try {
      const type = /** @type {const} */ ("session_request");
      const request = given ?? { type, sessionId, userId, url: this.#targetOf(url), at };
      this.#result(reply, await this.#sessions.start(request));
    } catch (error) {
      this.#refuse(reply, "the session could not start", error, sessionId);
    }
  }

  /** Cloud of a session, `undefined` for that of the options. @param {string} url @throws for one that is not allowed */
  #targetOf(url) {
    if (url === "") return undefined;
    const target = new URL(url);
    this.#parts.checkCloud(target);
    return target;
  }

  /** @param {OutputOf<"end">} output */
  async #end({ hold, sessionId, reason, kind }) {
    if (this.#holds.get(sessionId) === hold) this.#holds.delete(sessionId);
    const drop = () => this.#sessions.drop(sessionId, reason, kind);
    const wasOpen = await this.#try(ENDING, drop, sessionId);
    this.#input({ type: "over", hold, wasOpen: wasOpen === true });
  }

  /** @param {OutputOf<"handOver">} output */
  async #handOver({ hold, sessionId }) {
    if (this.#holds.get(sessionId) === hold) this.#holds.delete(sessionId);
    const give = () => this.#sessions.give(sessionId, () => this.#timeLeft());
    const previous = await this.#try(ENDING, give, sessionId);
    this.#input({ type: "handedOver", hold, sessionId, previous: jsonOf(previous, this.#parts.log) });
  }

  /** Dials for a session that is about to arrive. @param {string} url */
  async #warmUp(url) {
    await this.#sockets.loaded;
    try {
      const target = new URL(url);
      this.#parts.checkCloud(target);
      this.#sockets.open(target.href);
    } catch {
      // The session dials by itself, and says what is wrong.
    }
  }

  /** @param {OutputOf<"local">} output */
  async #handleCall({ reply, what, body, bytes }) {
    try {
      this.#result(reply, await this.#handlers.get(what)?.(body, bytes));
    } catch (error) {
      this.#refuse(reply, "the call failed", error);
    }
  }

  /** @param {string | undefined} id @param {any} answer */
  #result(id, answer) {
    if (id !== undefined) this.#input({ type: "result", id, answer });
  }

  /**
   * Answers a request that was not carried out, and logs why unless that is a refusal that is heard.
   *
   * @param {string | undefined} id @param {string} text @param {any} error @param {string} [sessionId]
   */
  #refuse(id, text, error, sessionId) {
    const answer = error?.answer;
    if (answer === undefined || id === undefined) this.#log(text, error, sessionId);
    this.#result(id, answer ?? failed(text));
  }

  /**
   * Calls a function of others, and logs its exception.
   *
   * @template T
   * @param {string} what @param {() => Promise<T>} call @param {string} [sessionId]
   */
  async #try(what, call, sessionId) {
    try {
      return await call();
    } catch (error) {
      this.#log(`${what} failed`, error, sessionId);
    }
  }

  /** Time that is left to a process that leaves, ms. */
  #timeLeft() {
    return Math.max(this.#leaveTimeout - performance.now(), 0);
  }

  /** @param {string} text @param {unknown} error @param {string} [sessionId] */
  #log(text, error, sessionId) {
    this.#parts.log("error", `cluster: ${text}`, { error, sessionId });
  }
}

function clocks() {
  return { mono: performance.now(), wall: Date.now() };
}

/** @param {string} message @returns {Answer} */
function failed(message) {
  return { status: 502, body: { status: "error", message: `not connected: ${message}` } };
}

/** Process in the id of a request. @param {string} requestId */
function instanceOf(requestId) {
  return requestId.slice(0, Math.max(requestId.lastIndexOf("."), 0));
}

/** URL for a record: user-info and a query may be secrets. @param {URL | undefined} url */
function placeOf(url) {
  return url === undefined ? "" : `${url.protocol}//${url.host}${url.pathname}`;
}
