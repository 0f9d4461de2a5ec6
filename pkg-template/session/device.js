/** `session.device.state`: what the glasses are like now, each fact by itself. */
import { handler } from "./check.js";
import { TAKE } from "./take.js";

/** @typedef {import("../../src/web/js/dispatcher.js").Handlers} Handlers */

/** The facts that a cloud tells, and what they are before it has. */
const FACTS = Object.entries({
  connected: false,
  wifiConnected: false,
  modelName: null,
  wifiSsid: null,
  wifiLocalIp: null,
  batteryLevel: null,
  charging: null,
  caseBatteryLevel: null,
  caseCharging: null,
  caseOpen: null,
  caseRemoved: null,
  hotspotEnabled: null,
  hotspotSsid: null,
});

/** One fact. */
class Observable {
  #known;
  #fact;
  #otherwise;
  #changes;

  /**
   * @param {{ [fact: string]: any }} known
   * @param {string} fact
   * @param {any} otherwise
   * @param {Handlers} changes
   */
  constructor(known, fact, otherwise, changes) {
    this.#known = known;
    this.#fact = fact;
    this.#otherwise = otherwise;
    this.#changes = changes;
  }

  get value() {
    return this.#known[this.#fact] ?? this.#otherwise;
  }

  /** @param {any} of is called at once where the value is known already */
  onChange(of) {
    const undo = this.#changes.on(this.#fact, handler("handler", of));
    if (this.#fact in this.#known) of(this.value);
    return undo;
  }

  valueOf() {
    return this.value;
  }

  toString() {
    return String(this.value);
  }
}

class DeviceState {
  #changes;
  /** @type {{ [fact: string]: any }} what was told */
  #known = {};
  /** @type {{ [fact: string]: Observable }} those that were asked for */
  #observables = {};

  /** @param {Handlers} changes */
  constructor(changes) {
    this.#changes = changes;
  }

  getSnapshot() {
    return Object.fromEntries(
      FACTS.map(([fact, otherwise]) => [fact, this.#known[fact] ?? otherwise ?? undefined]),
    );
  }

  /** @param {any} state what has changed */
  [TAKE](state) {
    for (const [fact] of FACTS) {
      const value = state?.[fact];
      if (value === undefined || (fact in this.#known && this.#known[fact] === value)) continue;
      this.#known[fact] = value;
      this.#changes.emit(fact, value);
    }
  }

  static {
    for (const [fact, otherwise] of FACTS) {
      Object.defineProperty(this.prototype, fact, {
        /** @this {DeviceState} */
        get() {
          return (this.#observables[fact] ??= new Observable(this.#known, fact, otherwise, this.#changes));
        },
      });
    }
  }
}

export class Device {
  /** @param {Handlers} changes */
  constructor(changes) {
    this.state = new DeviceState(changes);
  }

  /**
   * @param {string} _type
   * @param {any} frame
   */
  [TAKE](_type, { state }) {
    this.state[TAKE](state);
  }
}
