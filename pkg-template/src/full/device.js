/** `session.device.state`: state of the glasses, with an observable for each property. */
import { handler } from "../session/validate.js";
import { APPLY_FRAME, LISTEN_PASSIVELY } from "../session/internal-symbols.js";
import { keep } from "../session/weight.js";
import { Unproxied } from "../session/unproxied.js";

/** Properties of the state, with their values until the cloud sends them. */
const PROPERTIES = Object.entries({
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

/** One property of the state. */
class Observable extends Unproxied {
  #session;
  #state;
  #property;
  #initial;

  /**
   * @param {any} session
   * @param {{ [property: string]: any }} state
   * @param {string} property
   * @param {any} initial
   */
  constructor(session, state, property, initial) {
    super();
    this.#session = session;
    this.#state = state;
    this.#property = property;
    this.#initial = initial;
  }

  get value() {
    return this.#state[this.#property] ?? this.#initial;
  }

  /** @param {any} callback called immediately if the value is known, then at each change */
  onChange(callback) {
    handler("handler", callback);
    /** @type {any} */
    let last;
    const update = () => {
      const value = this.#state[this.#property];
      if (value === last) return undefined;
      last = value;
      return callback(value);
    };
    const unsubscribe = this.#session.on("device_state_update", update);
    // Called as the handler of an event, so that its failure is reported as that of any other.
    const event = `device.state.${this.#property}`;
    const leave = this.#session[LISTEN_PASSIVELY](event, update);
    this.#session.events.emit(event);
    leave();
    return unsubscribe;
  }

  valueOf() {
    return this.value;
  }

  toString() {
    return String(this.value);
  }
}

class DeviceState extends Unproxied {
  #session;
  /** @type {{ [property: string]: any }} values that the cloud has sent */
  #state = {};
  /** @type {{ [property: string]: Observable }} created on first use */
  #observables = {};

  /** @param {any} session */
  constructor(session) {
    super();
    this.#session = session;
  }

  getSnapshot() {
    return Object.fromEntries(
      PROPERTIES.map(([property, initial]) => [property, this.#state[property] ?? initial ?? undefined]),
    );
  }

  /** @param {any} changes */
  [APPLY_FRAME](changes) {
    for (const [property] of PROPERTIES) {
      const value = changes?.[property];
      if (value !== undefined) this.#state[property] = keep(property, value);
    }
  }

  static {
    for (const [property, initial] of PROPERTIES) {
      Object.defineProperty(this.prototype, property, {
        /** @this {DeviceState} */
        get() {
          const create = () => new Observable(this.#session, this.#state, property, initial);
          return (this.#observables[property] ??= create());
        },
      });
    }
  }
}

export class Device extends Unproxied {
  /** @param {any} session */
  constructor(session) {
    super();
    this.state = new DeviceState(session);
  }
}
