/**
 * Log lines as JSON, for collectors of logs.
 *
 * @import { Logger } from "tpa-session"
 */

/** Names at the start of a log line, and its text. */
const LINE = /^\[tpa-session\] package=(\S+) session=(\S+) (?:connection=(\d+) )?(.*)$/s;

/** Text of a move between the processes of a cluster, and its fields. */
const MOVE = /^(cluster: [a-z ]+?)((?: (?:why|from|to|number)=\S+)+)$/;

/**
 * @param {(line: string) => void} [write]
 * @returns {Logger}
 */
export function jsonLogger(write = (line) => console.log(line)) {
  const at = (/** @type {string} */ level) => (/** @type {string} */ line) => {
    const [, name, session, connection, text = line] = LINE.exec(line) ?? [];
    const [, message = text, fields = ""] = MOVE.exec(text) ?? [];
    const time = new Date().toISOString();
    const entry = { time, level, package: name, session, connection, message, ...readFields(fields) };
    write(JSON.stringify(entry));
  };
  return { error: at("error"), warn: at("warn"), info: at("info"), debug: at("debug") };
}

/** Fields of a text such as ` from=a to=b`. @param {string} text */
function readFields(text) {
  const fields = text
    .split(" ")
    .slice(1)
    .map((field) => field.split("=", 2));
  return Object.fromEntries(fields.map(([name, value]) => [name, name === "number" ? Number(value) : value]));
}
