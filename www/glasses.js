/** Simulated glasses, drawn from the messages that the cloud received. */
import { byId, create, write } from "./dom.js";

const MAX_NOTES = 4;
/** Two periods of the card, which the app sends every second. */
const STALE_AFTER_MS = 2000;

export class Glasses {
  /** Text of the current card. */
  card = "";
  #root = byId("glasses");
  #views = new Map([
    ["main", byId("view-main")],
    ["always_on", byId("view-always-on")],
  ]);
  #notes = byId("notes");
  #frames = 0;
  #isConnected = false;
  /** @type {number | undefined} */
  #lastAt;

  /**
   * @param {import("./cloud/feed.js").Display | import("./cloud/feed.js").DashboardLine} received
   * @param {boolean} isNew false for content from a snapshot
   */
  show(received, isNew) {
    if (isNew) {
      this.#frames += 1;
      this.#lastAt = performance.now();
      this.#root.dataset.frames = String(this.#frames);
    }
    if (received.type === "dashboard") write("mode-content", received.content);
    else if (received.view === "dashboard") this.#note(received.layout);
    else this.#views.get(received.view)?.replaceChildren(...drawLayout(received.layout));
    if (received.type === "display" && received.view === "main") this.card = received.layout.leftText;
    this.tick(this.#isConnected);
  }

  /**
   * Updates the label of the content's age. Call it a few times a second, and when the state changes.
   *
   * @param {boolean} isConnected
   */
  tick(isConnected) {
    this.#isConnected = isConnected;
    if (this.#lastAt === undefined) return;
    const age = performance.now() - this.#lastAt;
    const live = isConnected && age < STALE_AFTER_MS;
    this.#root.dataset.live = String(live);
    write("freshness", live ? "Live" : `Frozen: nothing received for ${Math.floor(age / 1000)} s`);
  }

  /** @param {Record<string, any>} layout */
  #note(layout) {
    this.#notes.append(create("li", {}, drawLayout(layout)));
    while (this.#notes.childElementCount > MAX_NOTES) this.#notes.firstElementChild?.remove();
  }
}

/**
 * @param {Record<string, any>} layout
 * @returns {HTMLElement[]}
 */
function drawLayout(layout) {
  switch (layout.layoutType) {
    case "text_wall":
      return [line("wall", layout.text)];
    case "double_text_wall":
      return [line("wall", layout.topText), line("wall", layout.bottomText)];
    case "reference_card":
      return [line("title", layout.title), line("wall", layout.text)];
    case "dashboard_card":
      return [line("left", layout.leftText), line("right", layout.rightText)];
    default:
      return [line("wall", `[${layout.layoutType}]`)];
  }
}

/**
 * @param {string} className
 * @param {string} text
 */
function line(className, text) {
  return create("p", { class: className }, [text]);
}
