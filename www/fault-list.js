/**
 * The faults that have a button. Each is one or more requests to the cloud; `forMs` and `delayMs`
 * are what the page's form says.
 *
 * @typedef {{ forMs?: number }} Period
 * @typedef {Record<string, unknown> & { fault: string }} Request
 * @typedef {{
 *   id: string,
 *   label: string,
 *   hint: string,
 *   final?: boolean,
 *   everybody?: boolean,
 *   requests(period: Period, delayMs: number): Request[],
 * }} Fault
 */

/** @type {Fault[]} */
export const FAULTS = [
  {
    id: "cut",
    label: "Cut",
    hint: "no goodbye: 1006",
    requests: (period) => [{ fault: "cut", ...period }],
  },
  {
    id: "freeze",
    label: "Freeze",
    hint: "open, but silent",
    requests: (period) => [{ fault: "freeze", ...period }],
  },
  {
    id: "refuse",
    label: "Refuse",
    hint: "cut, and not let in",
    requests: (period) => [{ fault: "refuse", ...period }, { fault: "cut" }],
  },
  {
    id: "delay",
    label: "Delay",
    hint: "the cloud is slow",
    requests: (period, delayMs) => [{ fault: "delay", delayMs, ...period }],
  },
  {
    id: "drop-acks",
    label: "Drop acks",
    hint: "cut, no hello back",
    requests: (period) => [{ fault: "drop_acks", ...period }, { fault: "cut" }],
  },
  {
    id: "malformed",
    label: "Malformed",
    hint: "unreadable frames",
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
    hint: "everybody: 1012",
    everybody: true,
    requests: (period) => [{ fault: "restart", code: 1012, reason: "Service restart", ...period }],
  },
  {
    id: "close-1011",
    label: "Close 1011",
    hint: "the cloud failed",
    requests: (period) => [{ fault: "close", code: 1011, reason: "Internal server error", ...period }],
  },
  {
    id: "close-1000",
    label: "Close 1000",
    hint: "a normal goodbye",
    final: true,
    requests: () => [{ fault: "close", code: 1000, reason: "" }],
  },
  {
    id: "app-stopped",
    label: "App stopped",
    hint: "by the user",
    final: true,
    requests: () => [{ fault: "close", code: 1000, reason: "App stopped" }],
  },
  {
    id: "superseded",
    label: "Superseded",
    hint: "by another: 4009",
    final: true,
    requests: () => [{ fault: "close", code: 4009, reason: "Superseded by a newer connection" }],
  },
  {
    id: "reject",
    label: "Reject",
    hint: "the key is refused",
    final: true,
    requests: (period) => [{ fault: "reject", error: "INVALID_API_KEY", ...period }, { fault: "cut" }],
  },
];
