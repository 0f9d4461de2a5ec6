/**
 * The Dashboard Manager: the app that this page is about. It keeps its card on the glasses
 * fresh every second and asks nobody whether there is a connection; that is the session's job.
 *
 * @typedef {import("../pkg-template/index.d.ts").TpaSession} TpaSession
 * @typedef {import("../pkg-template/index.d.ts").SessionOptions} SessionOptions
 * @typedef {import("../pkg-template/index.d.ts").OutgoingMessage} OutgoingMessage
 * @typedef {"sent" | "queued" | "dropped"} SendResult
 * @typedef {{ key: string, label: string }} What a message is to the reader of the page
 * @typedef {Required<Pick<SessionOptions, "apiKey" | "delivery" | "maxReconnectAttempts">>} Choices
 */
import { WatchedSocket } from "./watched-socket.js";

export const PACKAGE_NAME = "org.example.dashboard";

export const CAPTIONS = "transcription:en-US";
export const BUTTONS = "button_press";
export const STREAMS = [CAPTIONS, BUTTONS];
const UPDATE_EVERY_MS = 1000;
/** Somebody looks at this dashboard: it does not wait for half a minute. */
const LONGEST_WAIT_MS = 5000;
const BALLAST_CHARACTERS = 64 * 1024;
const BALLAST_MESSAGES = 96;
const BALLAST_AT_ONCE = 4;
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
  #listener;
  /** @type {TpaSession | undefined} */
  #session;
  /** @type {number | undefined} */
  #timer;
  /** @type {WeakMap<OutgoingMessage, What>} */
  #sent = new WeakMap();
  #held = false;
  #updates = 0;
  #captions = 0;
  #notes = 0;
  #ballast = 0;
  #lastPress = "none";

  /**
   * @param {typeof import("../pkg-template/index.d.ts").TpaSession} Session
   * @param {{ url: string, sessionId: string }} where
   * @param {{
   *   event(name: string, payload: unknown): void,
   *   send(what: What, result: SendResult): void,
   *   dropped(what: What, reason: string): void,
   *   logger: import("../pkg-template/index.d.ts").Logger,
   * }} listener hears every event of the session and the answer to every `send()`
   */
  constructor(Session, { url, sessionId }, listener) {
    this.#Session = Session;
    this.#url = url;
    this.sessionId = sessionId;
    this.#listener = listener;
  }

  /** The counters of the session, `undefined` before there is one. */
  get stats() {
    return this.#session?.stats;
  }

  /** What happened to the session, for a bug report. */
  timeline() {
    return this.#session?.timeline() ?? [];
  }

  /** @param {Choices} choices taken anew at every call, so that a wrong key can be put right */
  connect(choices) {
    this.disconnect();
    const session = new this.#Session({
      ...choices,
      packageName: PACKAGE_NAME,
      augmentOSWebsocketUrl: this.#url,
      maxReconnectDelay: LONGEST_WAIT_MS,
      WebSocket: WatchedSocket,
      logger: this.#listener.logger,
    });
    for (const name of LIFECYCLE) session.on(name, (payload) => this.#listener.event(name, payload));
    session.on("dropped", ({ message, reason }) => {
      const what = this.#sent.get(message);
      if (what) this.#listener.dropped(what, reason);
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

  /** Resolves when the cloud has received all that was sent so far. */
  flush() {
    return /** @type {TpaSession} */ (this.#session).flush();
  }

  /** @param {string} text */
  note(text) {
    this.#notes += 1;
    const layout = { layoutType: "reference_card", title: `Note ${this.#notes}`, text };
    // A key of its own: the next note must not replace this one while both wait.
    this.#send({ type: "display_event", view: "dashboard", layout }, `note ${this.#notes}`, layout.title);
  }

  /** Sends six megabytes within a second: more than the network takes from a line that stands still. */
  sendBallast() {
    const text = "x".repeat(BALLAST_CHARACTERS);
    const last = this.#ballast + BALLAST_MESSAGES;
    const timer = window.setInterval(() => {
      // In portions, so that what the network takes is not taken for a full socket.
      for (let count = 0; count < BALLAST_AT_ONCE; count += 1) {
        this.#ballast += 1;
        this.#send({ type: "demo_ballast", text }, `ballast ${this.#ballast}`, "64 kB");
      }
      if (this.#ballast >= last) window.clearInterval(timer);
    }, BALLAST_EVERY_MS);
  }

  /** Sends one last card and falls silent; the card's text. */
  hold() {
    const card = this.#update();
    this.#held = true;
    return card;
  }

  /** Ends the silence. */
  goOn() {
    this.#held = false;
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
    if (this.#held) return "";
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
