/** `session.dashboard`: content of the app on the system dashboard. */
import { APPLY_FRAME } from "./internal-symbols.js";
import { oneOf, text } from "./validate.js";
import { keep } from "./weight.js";
import { Unproxied } from "./unproxied.js";

/** Package of the system dashboard. */
const SYSTEM_DASHBOARD = "system.augmentos.dashboard";

const MODES = /** @type {const} */ (["main", "expanded"]);

export class Dashboard extends Unproxied {
  /** @param {any} session */
  constructor(session) {
    super();
    this.content = new Content(session);
    if (session.packageName === SYSTEM_DASHBOARD) this.system = new System(session);
  }

  /**
   * @param {string} _type
   * @param {any} frame
   */
  [APPLY_FRAME](_type, { mode }) {
    this.content[APPLY_FRAME](mode);
  }
}

class Content extends Unproxied {
  #session;
  #mode = "none";

  /** @param {any} session */
  constructor(session) {
    super();
    this.#session = session;
  }

  /** @param {string} mode */
  [APPLY_FRAME](mode) {
    this.#mode = keep("mode", mode);
  }

  /**
   * @param {string} content
   * @param {string[]} [targets]
   */
  write(content, targets = ["main"]) {
    const modes = [targets].flat().map((mode) => oneOf("targets", mode, MODES));
    const message = { type: "dashboard_content_update", content: text("content", content), modes };
    return this.#session.send(message);
  }

  /** @param {string} content */
  writeToMain(content) {
    return this.write(content, ["main"]);
  }

  /** @param {string} content */
  writeToExpanded(content) {
    return this.write(content, ["expanded"]);
  }

  async getCurrentMode() {
    return this.#mode;
  }

  /** @param {(mode: string) => void} handler */
  onModeChange(handler) {
    return this.#session.on("dashboard_mode_change", (/** @type {any} */ { mode }) => handler(mode));
  }
}

/** Sections of the dashboard, for its own package. */
class System extends Unproxied {
  #session;

  /** @param {any} session */
  constructor(session) {
    super();
    this.#session = session;
  }

  /** @param {string} content */
  setTopLeft(content) {
    return this.#set("topLeft", content);
  }

  /** @param {string} content */
  setTopRight(content) {
    return this.#set("topRight", content);
  }

  /** @param {string} content */
  setBottomLeft(content) {
    return this.#set("bottomLeft", content);
  }

  /** @param {string} content */
  setBottomRight(content) {
    return this.#set("bottomRight", content);
  }

  /** @param {string} mode */
  setViewMode(mode) {
    const type = "dashboard_mode_change";
    return this.#session.send({ type, mode: oneOf("mode", mode, MODES) }, { key: type });
  }

  /**
   * @param {string} section
   * @param {string} content
   */
  #set(section, content) {
    const message = { type: "dashboard_system_update", section, content: text("content", content) };
    return this.#session.send(message);
  }
}
