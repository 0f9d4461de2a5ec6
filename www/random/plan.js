/**
 * Random choice of faults and pauses. Only faults that a session recovers from without an error:
 * no closures that end it, and no malformed frames, which are reported as errors.
 *
 * @typedef {import("../fault-catalog.js").Request} Request
 */

/** @type {[number, string][]} */
const CLOSURES = [
  [1011, "Internal server error"],
  [1012, "Service restart"],
  [1013, "Try again later"],
  [4321, "Planned restart"],
];

/** @type {(() => Request[])[]} */
const KINDS = [
  () => [{ fault: "cut" }],
  () => [{ fault: "cut" }],
  () => {
    const [code, reason] = /** @type {[number, string]} */ (CLOSURES[whole(0, CLOSURES.length - 1)]);
    return [{ fault: "close", code, reason }];
  },
  () => [{ fault: "freeze" }],
  () => [{ fault: "freeze", forMs: whole(1000, 4000) }],
  () => [{ fault: "refuse", forMs: whole(500, 3000) }, { fault: "cut" }],
  () => [{ fault: "delay", delayMs: whole(50, 1500), forMs: whole(2000, 6000) }],
  () => [{ fault: "drop_acks" }, { fault: "cut" }],
  () => [{ fault: "flap", delayMs: whole(300, 900), forMs: whole(1000, 4000) }],
  () => [{ fault: "restart", code: 1012, reason: "Service restart", forMs: whole(500, 3000) }],
  () => [{ fault: "restart", forMs: whole(500, 3000) }],
];

/** Requests of a random fault. */
export function nextFault() {
  const kind = /** @type {() => Request[]} */ (KINDS[whole(0, KINDS.length - 1)]);
  return kind();
}

/** Random pause, ms: short enough to overlap the previous fault, or long enough to recover from it. */
export function nextPause() {
  return Math.random() < 0.5 ? whole(300, 3000) : whole(6000, 12_000);
}

/**
 * @param {number} least
 * @param {number} most
 */
function whole(least, most) {
  return least + Math.floor(Math.random() * (most - least + 1));
}
