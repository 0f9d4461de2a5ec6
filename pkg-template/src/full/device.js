/** `session.device.state`: what the glasses are like now, each fact by itself. */
import { handler } from "../session/validate.js";
import { APPLY_FRAME } from "../session/internal-symbols.js";

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
  #session;
  #known;
  #fact;
  #otherwise;

  /**
   * @param {any} session
   * @param {{ [fact: string]: any }} known
   * @param {string} fact
   * @param {any} otherwise
   */
  constructor(session, known, fact, otherwise) {
    this.#session = session;
    this.#known = known;
    this.#fact = fact;
    this.#otherwise = otherwise;
  }

  get value() {
    return this.#known[this.#fact] ?? this.#otherwise;
  }

  /** @param {any} of is called at once where the value is known already */
  onChange(of) {
    handler("handler", of);
    /** @type {any} */
    let told;
    const tell = () => {
      const value = this.#known[this.#fact];
      if (value === told) return;
      told = value;
      of(value);
    };
    const unsubscribe = this.#session.on("device_state_update", tell);
    tell();
    return unsubscribe;
  }

  valueOf() {
    return this.value;
  }

  toString() {
    return String(this.value);
  }
}

class DeviceState {
  #session;
  /** @type {{ [fact: string]: any }} what was told */
  #known = {};
  /** @type {{ [fact: string]: Observable }} those that were asked for */
  #observables = {};

  /** @param {any} session */
  constructor(session) {
    this.#session = session;
  }

  getSnapshot() {
    return Object.fromEntries(
      FACTS.map(([fact, otherwise]) => [fact, this.#known[fact] ?? otherwise ?? undefined]),
    );
  }

  /** @param {any} state what has changed */
  [APPLY_FRAME](state) {
    for (const [fact] of FACTS) {
      const value = state?.[fact];
      if (value !== undefined) this.#known[fact] = value;
    }
  }

  static {
    for (const [fact, otherwise] of FACTS) {
      Object.defineProperty(this.prototype, fact, {
        /** @this {DeviceState} */
        get() {
          return (this.#observables[fact] ??= new Observable(this.#session, this.#known, fact, otherwise));
        },
      });
    }
  }
}

export class Device {
  /** @param {any} session */
  constructor(session) {
    this.state = new DeviceState(session);
  }
}
