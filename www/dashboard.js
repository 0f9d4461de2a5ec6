/**
 * The Dashboard Manager: the app that this page is about. It keeps its card on the glasses
 * fresh every second and asks nobody whether there is a connection; that is the session's job.
 *
 * @typedef {import("../pkg-template/index.d.ts").TpaSession} TpaSession
 * @typedef {import("../pkg-template/index.d.ts").OutgoingMessage} OutgoingMessage
 * @typedef {"sent" | "queued" | "dropped"} SendResult
 */

export const PACKAGE_NAME = "org.example.dashboard";

export const CAPTIONS = "transcription:en-US";
export const BUTTONS = "button_press";
export const STREAMS = [CAPTIONS, BUTTONS];
const UPDATE_EVERY_MS = 1000;
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
  #updates = 0;
  #captions = 0;
  #notes = 0;
  #lastPress = "none";

  /**
   * @param {typeof import("../pkg-template/index.d.ts").TpaSession} Session
   * @param {{ url: string, sessionId: string }} where
   * @param {{
   *   event(name: string, payload: unknown): void,
   *   send(what: { key: string, label: string }, result: SendResult): void,
   * }} listener hears every event of the session and the answer to every `send()`
   */
  constructor(Session, { url, sessionId }, listener) {
    this.#Session = Session;
    this.#url = url;
    this.sessionId = sessionId;
    this.#listener = listener;
  }

  /** @param {string} apiKey taken anew at every call, so that a wrong key can be put right */
  connect(apiKey) {
    this.disconnect();
    const session = new this.#Session({
      packageName: PACKAGE_NAME,
      apiKey,
      augmentOSWebsocketUrl: this.#url,
    });
    for (const name of LIFECYCLE) session.on(name, (payload) => this.#listener.event(name, payload));
    session.on(CAPTIONS, (caption) => this.#caption(caption));
    session.on(BUTTONS, (press) => this.#press(press));
    session.subscribe(STREAMS);
    this.#session = session;
    const timer = window.setInterval(() => this.#update(), UPDATE_EVERY_MS);
    session.on("disconnected", ({ permanent }) => {
      if (permanent) window.clearInterval(timer);
    });
    session.connect(this.sessionId).catch((error) => {
      const { name, code, reason, kind, attempts } = error;
      this.#listener.event("connect() rejected", { name, code, reason, kind, attempts });
    });
    this.#update();
  }

  disconnect() {
    this.#session?.disconnect();
  }

  /** @param {string} text */
  note(text) {
    this.#notes += 1;
    const layout = { layoutType: "reference_card", title: `Note ${this.#notes}`, text };
    // A key of its own: the next note must not replace this one while both wait.
    this.#send({ type: "display_event", view: "dashboard", layout }, `note ${this.#notes}`, layout.title);
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
    this.#updates += 1;
    const layout = {
      layoutType: "dashboard_card",
      leftText: `${new Date().toLocaleTimeString("en-GB")}\nupdate ${this.#updates}`,
      rightText: `button\n${this.#lastPress}`,
    };
    this.#send({ type: "display_event", view: "main", layout }, "card", "card");
    const content = `${this.#updates} updates · ${this.#captions} captions`;
    this.#send({ type: "dashboard_content_update", content, modes: ["main"] }, "line", "line");
  }

  /**
   * @param {OutgoingMessage} message
   * @param {string} key
   * @param {string} label
   */
  #send(message, key, label) {
    const result = /** @type {TpaSession} */ (this.#session).send(message, { key });
    this.#listener.send({ key, label }, result);
  }
}
