/** `TestCloud`: a cloud in a test, without a network. */
import { Apps } from "./apps.js";
import { checkMillis, checkNames, checkText, show } from "./arguments.js";
import { watch } from "./leaks.js";
import { OPTIONS, STARTED_APP, TOOL_CALL } from "./option-names.js";
import { Record } from "./record.js";
import { Shell } from "./shell.js";
import { View } from "./view.js";
import { Waits } from "./wait.js";

/** A test decides itself what an app hears, unless it gives the intervals. */
const NO_SCRIPTED_STREAMS = { streamInterval: "365d", audioInterval: "365d" };

/**
 * @typedef {import("../../types/testing.d.ts").CloudEvent} CloudEvent
 * @typedef {import("../../types/testing.d.ts").ControlResponse} ControlResponse
 */

export class TestCloud extends View {
  #shell;
  #record;
  #apps;
  #waits;
  #observers;
  #forget;

  /** @param {import("../../types/testing.d.ts").TestCloudOptions} [options] */
  constructor(options) {
    const { latency = 0, ...cloud } = checkNames("TestCloud", options, OPTIONS);
    checkMillis("latency", latency);
    const apps = new Apps();
    const record = new Record();
    const waits = new Waits();
    /** @type {Set<(event: CloudEvent) => void>} */
    const observers = new Set();
    const onEvent = (/** @type {CloudEvent} */ event) => {
      const frame = record.add(event);
      waits.check(event, frame);
      for (const observer of [...observers]) call(observer, event);
    };
    const config = { ...NO_SCRIPTED_STREAMS, ...cloud };
    const shell = new Shell(config, { latency, apps, onEvent, onStep: () => waits.check() });
    super(shell, record);
    this.#shell = shell;
    this.#record = record;
    this.#apps = apps;
    this.#waits = waits;
    this.#observers = observers;
    this.#forget = watch(this);
  }

  /** Class for the option `WebSocket` of a session. */
  get WebSocket() {
    return this.#shell.WebSocket;
  }

  /** URL for a session. Any URL that ends with `/tpa-ws` or `/app-ws` reaches this cloud. */
  get url() {
    return "ws://localhost:8002/tpa-ws";
  }

  /**
   * Starts an app for a user through its webhook. Returns the session id.
   *
   * @param {import("../../types/testing.d.ts").StartedApp} app
   * @returns {string}
   */
  startApp(app) {
    const fields = checkNames("startApp", app, STARTED_APP);
    const { packageName, userId, handler, url, path = "/webhook" } = fields;
    checkText("startApp: packageName", packageName);
    checkText("startApp: userId", userId);
    checkText("startApp: path", path);
    if (path[0] !== "/") throw new TypeError(`startApp: path: must begin with /, not ${show(path)}`);
    if (handler !== undefined && typeof handler !== "function") {
      throw new TypeError(`startApp: handler: must be a function, not ${show(handler)}`);
    }
    if (handler !== undefined && url !== undefined) {
      throw new TypeError("startApp: expected a handler or a url, not both");
    }
    const webhookUrl = handler === undefined ? url : this.#apps.add(handler, path);
    return this.#post("/apps", { packageName, userId, webhookUrl }).sessionId;
  }

  /**
   * Calls a tool of an app that was started with a webhook: its response.
   *
   * @param {import("../../types/testing.d.ts").TestToolCall} call
   */
  async callTool(call) {
    const body = checkNames("callTool", call, TOOL_CALL);
    return parse(await this.#shell.control("POST", "/tools", body));
  }

  /**
   * @param {string} path
   * @param {object} body
   */
  #post(path, body) {
    this.#record.begin();
    return parse(/** @type {ControlResponse} */ (this.#shell.control("POST", path, body)));
  }

  /**
   * Handles a request of the control interface; shells such as a demo page use it.
   *
   * @param {string} method
   * @param {string} path
   * @param {object} [body]
   */
  async control(method, path, body) {
    const [pathname = "", query] = path.split("?");
    return await this.#shell.control(method, pathname, body, query);
  }

  /**
   * Calls a function with every event from now on. Returns a function that ends this.
   *
   * @param {(event: CloudEvent) => void} observer
   */
  observe(observer) {
    if (typeof observer !== "function") {
      throw new TypeError(`observe: must be a function, not ${show(observer)}`);
    }
    this.#observers.add(observer);
    return () => void this.#observers.delete(observer);
  }

  /**
   * Waits for a condition.
   *
   * @param {unknown} condition
   * @param {{ timeout?: number }} [options]
   */
  until(condition, options) {
    return this.#waits.until(this, this.#record.recent, condition, options);
  }

  /** Closes every connection as at the end of the cloud's process, and accepts no new ones. */
  shutDown() {
    this.#shell.shutDown();
  }

  /** Ends the cloud: its connections are lost, its timers stopped. */
  dispose() {
    this.#forget();
    this.#waits.end();
    this.#shell.dispose();
  }

  [Symbol.dispose ?? Symbol.for("Symbol.dispose")]() {
    this.dispose();
  }
}

/**
 * Calls an observer; its error must not stop the cloud.
 *
 * @param {(event: CloudEvent) => void} observer
 * @param {CloudEvent} event
 */
function call(observer, event) {
  try {
    observer(event);
  } catch (error) {
    void Promise.reject(error);
  }
}

/** @param {ControlResponse} response */
function parse({ status, body }) {
  const answer = JSON.parse(body);
  if (status === 400) throw new TypeError(answer.error);
  if (status >= 400) throw new Error(`tpa-cloud: ${answer.error}`);
  return answer;
}
