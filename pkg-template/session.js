/**
 * The classes of the package.
 *
 * `bindgen:` is what wasm-bindgen made; build.mjs resolves it.
 */
import { TpaConnectionError } from "bindgen:js/connection_error.js";
import { Handlers } from "bindgen:js/dispatcher.js";
import * as glue from "bindgen:tpa_session_bg.js";

import { oneOf } from "./session/check.js";
import { compatible } from "./session/compatible.js";
import { Dashboard } from "./session/dashboard.js";
import { DeviceState } from "./session/device.js";
import { Events } from "./session/events.js";
import { Audio, Camera, Location } from "./session/glasses.js";
import { Layouts } from "./session/layouts.js";
import { Led } from "./session/led.js";
import { Messages } from "./session/messages.js";
import { RequestError as TpaRequestError } from "./session/request_error.js";
import { Requests } from "./session/requests.js";
import { Settings } from "./session/settings.js";
import { checked, isStream, iterate, named } from "./session/streams.js";
import { start } from "./wasm.js";

export { TpaConnectionError, TpaRequestError };

const RELEASES = ["switching_clouds", "clean_shutdown", "user_logout"];

export class TpaSession extends compatible(glue.TpaSession) {
  /** Kept here and not in the wasm, so that handlers which name the session do not keep it. */
  #handlers;
  #following = false;
  #messages;
  #capabilities = null;
  #wifi = null;

  constructor(options) {
    start();
    super(options);
    this.packageName = options.packageName;
    this.#handlers = this.takeHandlers();
    this.#handlers.changed = () => this.#follow();
    const requests = new Requests(this);
    this.settings = new Settings(this, new Handlers(), new Handlers());
    this.events = new Events(this, this.#handlers);
    this.layouts = new Layouts(this);
    this.dashboard = new Dashboard(this);
    this.camera = new Camera(this, requests);
    this.audio = new Audio(this, requests);
    this.location = new Location(this, requests);
    this.led = new Led(this, requests);
    this.device = { state: new DeviceState(this, () => new Handlers()) };
    this.#messages = new Messages(this, requests);
    this.overhear("permission_error", ({ details }) => {
      for (const detail of Array.isArray(details) ? details : []) {
        this.#handlers.emit("permission_denied", detail);
      }
    });
    this.overhear("glasses_connection_state", ({ wifi = null }) => (this.#wifi = wifi));
    for (const source of ["tpa_connection_ack", "capabilities_update"]) {
      this.on(source, ({ capabilities = this.#capabilities }) => (this.#capabilities = capabilities));
    }
  }

  connect(sessionId, { signal } = {}) {
    const reason = "Aborted";
    if (signal?.aborted) {
      const facts = { code: 1000, reason, kind: "ClientDisconnect", attempts: 0 };
      return Promise.reject(new TpaConnectionError(reason, facts));
    }
    const promise = super.connect(sessionId);
    if (signal === undefined) return promise;
    const abort = () => this.disconnect(reason);
    signal.addEventListener("abort", abort, { once: true });
    const settled = () => signal.removeEventListener("abort", abort);
    promise.then(settled, settled);
    return promise;
  }

  disconnect(how) {
    if (how?.releaseOwnership) this.releaseOwnership(how.reason);
    super.disconnect(typeof how === "string" ? how : undefined);
  }

  /** Where there is no connection, there is nothing that the cloud could hear of it. */
  releaseOwnership(reason = "clean_shutdown") {
    oneOf("reason", reason, RELEASES);
    if (this.state === "connected") this.send({ type: "ownership_release", reason });
  }

  on(event, handler) {
    return super.on(checked(event), handler);
  }

  once(event, handler) {
    return super.once(checked(event), handler);
  }

  stream(name, options) {
    return iterate(this, name, options);
  }

  subscribe(streams) {
    super.subscribe(named(streams).map(checked));
  }

  unsubscribe(streams) {
    super.unsubscribe(named(streams));
  }

  get subscriptions() {
    this.#tellFollowed();
    return super.subscriptions;
  }

  get capabilities() {
    return this.#capabilities;
  }

  getWifiStatus() {
    return this.#capabilities?.hasWifi ? this.#wifi : null;
  }

  isWifiConnected() {
    return this.getWifiStatus()?.connected === true;
  }

  /** The part of the id before the package's name. */
  get userId() {
    const { sessionId, packageName } = this;
    const suffix = `-${packageName}`;
    return sessionId?.endsWith(suffix) ? sessionId.slice(0, -suffix.length) : sessionId?.split("-")[0];
  }

  broadcastToAppUsers(payload, roomId) {
    return this.#messages.broadcast(payload, roomId);
  }

  sendDirectMessage(userId, payload) {
    return this.#messages.direct(userId, payload);
  }

  joinAppRoom(roomId, roomConfig) {
    this.#messages.join(roomId, roomConfig);
  }

  leaveAppRoom(roomId) {
    this.#messages.leave(roomId);
  }

  /** Listens without asking for a stream. */
  overhear(event, handler) {
    return this.#handlers.on(event, handler, false, true);
  }

  /** Memory is left to the garbage collector: a handler of this very session may be running. */
  free() {
    this.disconnect();
  }

  [Symbol.dispose ?? Symbol.for("Symbol.dispose")]() {
    this.disconnect();
  }

  /** Tells the cloud once what many handlers want. */
  #follow() {
    if (this.#following) return;
    this.#following = true;
    queueMicrotask(() => this.#tellFollowed());
  }

  #tellFollowed() {
    if (!this.#following) return;
    this.#following = false;
    this.follow(this.#handlers.wanted().filter(isStream));
  }
}
