/** Kinds of worlds, each with the options of a schedule. */
import { random } from "./clock.mjs";

export const MODES = {
  usual: () => ({}),
  /** Processes without the store end their sessions. */
  strict: () => ({ cluster: { strict: true } }),
  /** Users stop their apps, which then stay stopped. */
  stopped: () => ({ stops: 6 }),
  /** One process or many, many users, and the shortest leases. */
  unusual(seed) {
    const next = random(~seed);
    const upTo = (most) => 1 + Math.floor(next() * most);
    return {
      count: upTo(12),
      users: upTo(20),
      cluster: { lease: 7000 + upTo(3000), strict: next() < 0.25 },
    };
  },
};
