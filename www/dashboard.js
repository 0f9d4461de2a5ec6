/**
 * Dashboard Manager, the app that this page demonstrates. It updates its card on the glasses every
 * second and never checks whether there is a connection; that is the session's job.
 *
 * @typedef {import("../pkg-template/types/index.js").TpaSession} TpaSession
 * @typedef {import("../pkg-template/types/index.js").SessionOptions} SessionOptions
 * @typedef {import("../pkg-template/types/index.js").OutgoingMessage} OutgoingMessage
 * @typedef {"sent" | "queued" | "dropped"} SendResult
 * @typedef {{ key: string, label: string }} MessageInfo key for replacement, and label on the page
 * @typedef {Required<Pick<SessionOptions, "apiKey" | "delivery" | "maxReconnectAttempts">>} Choices
 */
import { watch } from "./watched-socket.js";

export const PACKAGE_NAME = "org.example.dashboard";

export const CAPTIONS = "transcription:en-US";
export const BUTTONS = "button_press";
export const STREAMS = [CAPTIONS, BUTTONS];
const UPDATE_EVERY_MS = 1000;
/** Shorter than the default of 30 s, because a user watches this page. */
const LONGEST_WAIT_MS = 5000;
const BALLAST_CHARACTERS = 64 * 1024;
const BALLAST_MESSAGES = 96;
const BALLAST_BATCH = 4;
const BALLAST_EVERY_MS = 40;
const LIFECYCLE = [
  "connecting",
  "connected",
  "disconnected",
  "reconnecting",
  "stateChange",
  "error",
  "dropped",
];

export class Dashboard {
  #Session;
  #url;
  #WebSocket;
  #listener;
  /** @type {TpaSession | undefined} */
  #session;
  /** @type {number | undefined} */
  #timer;
  /** @type {WeakMap<OutgoingMessage, MessageInfo>} */
  #sent = new WeakMap();
  #paused = false;
  #updates = 0;
  #captions = 0;
  #notes = 0;
  #ballast = 0;
  #lastPress = "none";

  /**
   * @param {typeof import("../pkg-template/types/index.js").TpaSession} Session
   * @param {{ url: string, WebSocket: typeof WebSocket, sessionId: string }} target
   * @param {{
   *   event(name: string, payload: unknown): void,
   *   send(message: MessageInfo, result: SendResult): void,
   *   dropped(message: MessageInfo, reason: string): void,
   *   logger: import("../pkg-template/types/index.js").Logger,
   * }} listener called with every event of the session and every result of `send()`
   */
  constructor(Session, { url, WebSocket, sessionId }, listener) {
    this.#Session = Session;
    this.#url = url;
    this.#WebSocket = watch(WebSocket);
    this.sessionId = sessionId;
    this.#listener = listener;
  }

  /** Counters of the session; `undefined` before the first `connect()`. */
  get stats() {
    return this.#session?.stats;
  }

  /** Bytes that the newest socket has not yet sent; 0 while it is not open. */
  get buffered() {
    return this.#WebSocket.buffered;
  }

  /** Recent events of the session, for bug reports. */
  timeline() {
    return this.#session?.timeline() ?? [];
  }

  /** Starts a new session. @param {Choices} choices */
  connect(choices) {
    this.disconnect();
    const session = new this.#Session({
      ...choices,
      packageName: PACKAGE_NAME,
      augmentOSWebsocketUrl: this.#url,
      maxReconnectDelay: LONGEST_WAIT_MS,
      WebSocket: this.#WebSocket,
      logger: this.#listener.logger,
    });
    for (const name of LIFECYCLE) session.on(name, (payload) => this.#listener.event(name, payload));
    session.on("dropped", ({ message, reason }) => {
      const info = this.#sent.get(message);
      if (info) this.#listener.dropped(info, reason);
    });
    session.on(CAPTIONS, (caption) => this.#caption(caption));
    session.on(BUTTONS, (press) => this.#press(press));
    session.on("disconnected", ({ permanent }) => {
      if (permanent) window.clearInterval(this.#timer);
    });
    this.#session = session;
    this.#timer = window.setInterval(() => this.#update(), UPDATE_EVERY_MS);
    session.connect(this.sessionId).catch((error) => {
      const { name, code, reason, kind, attempts } = error;
      this.#listener.event("connect() rejected", { name, code, reason, kind, attempts });
    });
    this.#update();
  }

  disconnect() {
    this.#session?.disconnect();
  }

  /** Resolves when the cloud has received every message sent so far. */
  flush() {
    return /** @type {TpaSession} */ (this.#session).flush();
  }

  /** @param {string} text */
  note(text) {
    this.#notes += 1;
    const layout = { layoutType: "reference_card", title: `Note ${this.#notes}`, text };
    // A key for each note, so that the next one does not replace it in the queue.
    this.#send({ type: "display_event", view: "dashboard", layout }, `note ${this.#notes}`, layout.title);
  }

  /** Sends six megabytes within a second, more than the network buffers of a frozen connection hold. */
  sendBallast() {
    const text = "x".repeat(BALLAST_CHARACTERS);
    const last = this.#ballast + BALLAST_MESSAGES;
    const timer = window.setInterval(() => {
      // In batches, because a single burst would fill the socket's buffer before the network drains it.
      for (let count = 0; count < BALLAST_BATCH; count += 1) {
        this.#ballast += 1;
        this.#send({ type: "demo_ballast", text }, `ballast ${this.#ballast}`, "64 kB");
      }
      if (this.#ballast >= last) window.clearInterval(timer);
    }, BALLAST_EVERY_MS);
  }

  /** Sends one last card, then pauses the updates. Returns the text of the card. */
  pause() {
    const card = this.#update();
    this.#paused = true;
    return card;
  }

  /** Resumes the updates. */
  resume() {
    this.#paused = false;
  }

  /** @param {{ text: string, isFinal: boolean }} caption */
  #caption(caption) {
    this.#captions += 1;
    this.#listener.event(CAPTIONS, caption);
    const layout = { layoutType: "text_wall", text: caption.text };
    this.#send({ type: "display_event", view: "always_on", layout }, "caption", "caption");
  }

  /** @param {{ buttonId: string, pressType: string }} press */
  #press(press) {
    this.#lastPress = `${press.buttonId} ${press.pressType}`;
    this.#listener.event(BUTTONS, press);
  }

  #update() {
    if (this.#paused) return "";
    this.#updates += 1;
    const layout = {
      layoutType: "dashboard_card",
      leftText: `${new Date().toLocaleTimeString("en-GB")}\nupdate ${this.#updates}`,
      rightText: `button\n${this.#lastPress}`,
    };
    this.#send({ type: "display_event", view: "main", layout }, "card", "card");
    const content = `${this.#updates} updates · ${this.#captions} captions`;
    this.#send({ type: "dashboard_content_update", content, modes: ["main"] }, "line", "line");
    return layout.leftText;
  }

  /**
   * @param {OutgoingMessage} message
   * @param {string} key
   * @param {string} label
   */
  #send(message, key, label) {
    this.#sent.set(message, { key, label });
    const result = /** @type {TpaSession} */ (this.#session).send(message, { key });
    this.#listener.send({ key, label }, result);
  }
}
