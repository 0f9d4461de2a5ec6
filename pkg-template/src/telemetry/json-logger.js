/**
 * Log lines as JSON, for collectors of logs.
 *
 * @import { Logger } from "tpa-session"
 */

/** Names at the start of a log line, and its text. */
const LINE = /^\[tpa-session\] package=(\S+) session=(\S+) (?:connection=(\d+) )?(.*)$/s;

/**
 * @param {(line: string) => void} [write]
 * @returns {Logger}
 */
export function jsonLogger(write = (line) => console.log(line)) {
  const at = (/** @type {string} */ level) => (/** @type {string} */ line) => {
    const [, name, session, connection, message = line] = LINE.exec(line) ?? [];
    const entry = { time: new Date().toISOString(), level, package: name, session, connection, message };
    write(JSON.stringify(entry));
  };
  return { error: at("error"), warn: at("warn"), info: at("info"), debug: at("debug") };
}
