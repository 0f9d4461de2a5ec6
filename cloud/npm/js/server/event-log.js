/** The log: one line for each event, without secrets. */

/** @typedef {import("../cli/log.js").Level} Level */

/**
 * Level, message and the fields that are shown, by the type of the event.
 *
 * @type {Record<string, [Level, string, ...string[]]>}
 */
const LINES = {
  opened: ["debug", "opened", "peer"],
  acked: ["info", "connected"],
  refused: ["warn", "refused", "error", "code", "reason"],
  stale: ["warn", "stale", "silentMs"],
  superseded: ["info", "superseded", "by"],
  detached: ["info", "detached", "by"],
  closed: ["info", "closed", "code", "reason", "by"],
  fault: ["info", "fault", "fault", "direction", "forMs", "hit"],
  subscriptions: ["debug", "subscribed", "subscriptions"],
  display: ["debug", "display", "view", "durationMs"],
  evicted: ["warn", "displays, dashboard and settings dropped"],
  display_ended: ["debug", "display ended", "view"],
  dashboard: ["debug", "dashboard", "modes", "section"],
  dashboard_mode: ["debug", "dashboard mode", "mode"],
  settings: ["info", "settings changed"],
  room_joined: ["debug", "joined a room", "roomId"],
  room_left: ["debug", "left a room", "roomId"],
  released: ["info", "released", "reason"],
  app_started: ["info", "app started", "webhookUrl"],
  app_stopped: ["info", "app stopped", "reason"],
  app_given_up: ["warn", "app given up", "reason"],
  scenario: ["info", "scenario", "name", "phase"],
  message: ["trace", "message", "frame", "count"],
};

/** Begins most events, and is rarely logged. */
const MESSAGE = '{"type":"message"';

/** @param {unknown} value */
const shown = (value) => (typeof value === "string" ? value : JSON.stringify(value));

/**
 * @param {Record<string, any>} event
 * @returns {[Level, string, ...string[]]}
 */
function lineOf(event) {
  if (event.type !== "webhook") return LINES[event.type] ?? ["info", event.type];
  if (event.success) return ["info", "webhook agreed", "request"];
  return ["warn", "webhook failed", "request", "error"];
}

/**
 * Logs an event.
 *
 * @param {import("../cli/log.js").Log} log
 * @param {{ json: string, readonly event: Record<string, any> }} output
 */
export function logEvent(log, output) {
  if (!log.has("trace") && (!log.has("warn") || output.json.startsWith(MESSAGE))) return;
  const { event } = output;
  const [level, message, ...names] = lineOf(event);
  if (!log.has(level)) return;
  const valueOf = (/** @type {string} */ name) => (name === "hit" ? event.connections.length : event[name]);
  const fields = names.map((name) => [name, valueOf(name)]);
  const who = [
    ["connection", event.connectionId],
    ["package", event.packageName],
    ["user", event.userSessionId],
  ];
  const given = [...fields, ...who].filter(([, value]) => value !== undefined);
  log.add(level, [message, ...given.map(([name, value]) => `${name}=${shown(value)}`)].join(" "));
}
