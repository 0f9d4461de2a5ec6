/**
 * The log on standard error. Node writes to it without waiting, so a reader that has gone or does not
 * read neither stops nor ends the program; the lines that it misses are counted.
 */
import { escapeLine } from "./escape.js";

/** Number of lines that wait to be written. */
const MAX_LINES = 1024;

/** Longest line in characters; the rest is omitted. */
const MAX_LENGTH = 4096;

/** Time to write the lines that are left at the end of the program, in milliseconds. */
const FLUSH_MS = 500;

const LEVELS = /** @type {const} */ (["off", "error", "warn", "info", "debug", "trace"]);

/** @typedef {Exclude<(typeof LEVELS)[number], "off">} Level */

/**
 * The level in a variable as the native program reads it: `debug`, or `tpa_cloud=debug,hyper=off`.
 *
 * @param {string | undefined} text
 */
export function levelOf(text = "") {
  let level = -1;
  for (const directive of text.split(",")) {
    const [target = "", name = target] = directive.trim().toLowerCase().split("=");
    const number = LEVELS.indexOf(/** @type {Level} */ (name));
    const isOurs = target === name || "tpa_cloud".startsWith(target.split("::")[0] ?? "");
    if (number >= 0 && isOurs) level = number;
  }
  return LEVELS[level] ?? "info";
}

export class Log {
  /** @type {string[]} */
  #lines = [];
  #isWriting = false;
  #lost = 0;
  /** @type {(() => void) | undefined} */
  #written;

  /**
   * @param {NodeJS.WritableStream} to
   * @param {(typeof LEVELS)[number]} level
   */
  constructor(to, level) {
    this.to = to;
    this.level = LEVELS.indexOf(level);
    // The callback of the write counts the lines.
    to.on("error", () => {});
  }

  /** @param {Level} level */
  has(level) {
    return LEVELS.indexOf(level) <= this.level;
  }

  /**
   * Adds a line with date and level.
   *
   * @param {Level} level
   * @param {string} text
   */
  add(level, text) {
    if (!this.has(level)) return;
    this.line(`${new Date().toISOString()} ${level.toUpperCase().padStart(5)} tpa_cloud: ${text}`);
  }

  /**
   * Adds a line, whatever the level.
   *
   * @param {string} text
   */
  line(text) {
    if (this.#lines.length >= MAX_LINES) {
      this.#lost += 1;
      return;
    }
    const cut = text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
    this.#lines.push(`${escapeLine(cut)}\n`);
    this.#write();
  }

  #write() {
    if (this.#isWriting) return;
    const line = this.#lines.shift();
    if (line === undefined) {
      this.#written?.();
      return;
    }
    const missing = this.#lost;
    this.#lost = 0;
    const notice =
      missing === 0 ? "" : `tpa-cloud: ${missing} log lines are lost, because they were not read\n`;
    this.#isWriting = true;
    this.to.write(notice + line, (error) => {
      this.#isWriting = false;
      if (error) this.#lost += missing + 1;
      this.#write();
    });
  }

  /** Waits until all lines are written, if somebody reads them. */
  async flush() {
    if (!this.#isWriting) return;
    /** @type {Promise<void>} */
    const written = new Promise((resolve) => (this.#written = resolve));
    /** @type {Promise<void>} */
    const late = new Promise((resolve) => setTimeout(resolve, FLUSH_MS));
    await Promise.race([written, late]);
  }
}
