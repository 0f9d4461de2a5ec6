/**
 * Faults that have a button. Each does what its requests do by HTTP, and no more; `forMs`,
 * `delayMs` and `direction` come from the form.
 *
 * @typedef {{ forMs?: number }} Duration
 * @typedef {"both" | "up" | "down"} Direction
 * @typedef {Record<string, unknown> & { fault: string }} Request
 * @typedef {{
 *   id: string,
 *   label: string,
 *   hint: string,
 *   permanent?: boolean,
 *   allSessions?: boolean,
 *   atNextAttempt?: boolean,
 *   hasDirection?: boolean,
 *   requests(duration: Duration, delayMs: number, direction: Direction): Request[],
 * }} Fault
 */

/** @type {Fault[]} */
export const FAULTS = [
  {
    id: "cut",
    label: "Cut",
    hint: "no close frame: 1006",
    requests: (period) => [{ fault: "cut", ...period }],
  },
  {
    id: "freeze",
    label: "Freeze",
    hint: "open, but silent",
    hasDirection: true,
    requests: (period, _, direction) => [{ fault: "freeze", direction, ...period }],
  },
  {
    id: "refuse",
    label: "Refuse",
    hint: "new connections reset",
    atNextAttempt: true,
    requests: (period) => [{ fault: "refuse", ...period }],
  },
  {
    id: "delay",
    label: "Delay",
    hint: "slow responses",
    hasDirection: true,
    requests: (period, delayMs, direction) => [{ fault: "delay", delayMs, direction, ...period }],
  },
  {
    id: "slow",
    label: "Slow",
    hint: "1 kB a second",
    hasDirection: true,
    requests: (period, _, direction) => [{ fault: "slow", bytesPerSecond: 1000, direction, ...period }],
  },
  {
    id: "drop-acks",
    label: "Drop acks",
    hint: "handshakes unanswered",
    atNextAttempt: true,
    requests: (period) => [{ fault: "drop_acks", ...period }],
  },
  {
    id: "malformed",
    label: "Malformed",
    hint: "invalid frames",
    requests: (period) => [{ fault: "malformed", ...period }],
  },
  {
    id: "flap",
    label: "Flap",
    hint: "cut after each ack",
    requests: (period, delayMs) => [{ fault: "flap", delayMs, ...period }],
  },
  {
    id: "restart",
    label: "Restart",
    hint: "all sessions: 1012",
    allSessions: true,
    requests: (period) => [{ fault: "restart", code: 1012, reason: "Service restart", ...period }],
  },
  {
    id: "close-1011",
    label: "Close 1011",
    hint: "internal error",
    requests: (period) => [{ fault: "close", code: 1011, reason: "Internal server error", ...period }],
  },
  {
    id: "close-1000",
    label: "Close 1000",
    hint: "normal closure",
    permanent: true,
    requests: () => [{ fault: "close", code: 1000, reason: "" }],
  },
  {
    id: "app-stopped",
    label: "App stopped",
    hint: "by the user",
    permanent: true,
    requests: () => [{ fault: "close", code: 1000, reason: "App stopped" }],
  },
  {
    id: "superseded",
    label: "Superseded",
    hint: "newer connection: 4009",
    permanent: true,
    requests: () => [{ fault: "close", code: 4009, reason: "Superseded by a newer connection" }],
  },
  {
    id: "reject",
    label: "Reject",
    hint: "invalid API key",
    permanent: true,
    atNextAttempt: true,
    requests: (period) => [{ fault: "reject", error: "INVALID_API_KEY", ...period }],
  },
];

/**
 * Label of a fault, with its direction unless that is both.
 *
 * @param {string} label
 * @param {Direction | undefined} direction
 */
export function directed(label, direction = "both") {
  return direction === "both" ? label : `${label} ${direction}`;
}
