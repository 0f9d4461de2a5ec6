/** `session.device.state`: what the glasses are like now, each fact by itself. */
import { handler } from "./check.js";

/** @typedef {import("../../src/web/js/dispatcher.js").Handlers} Handlers */

/** The facts that a cloud tells; the first two are no rather than unknown at first. */
const FACTS =
  "connected wifiConnected modelName wifiSsid wifiLocalIp batteryLevel charging caseBatteryLevel caseCharging caseOpen caseRemoved hotspotEnabled hotspotSsid".split(
    " ",
  );

class Observable {
  #changes;
  #value;
  #known = false;

  /**
   * @param {Handlers} changes
   * @param {unknown} value
   */
  constructor(changes, value) {
    this.#changes = changes;
    this.#value = value;
  }

  get value() {
    return this.#value;
  }

  /** @param {any} of is called at once where the value is known already */
  onChange(of) {
    const undo = this.#changes.on("", handler("handler", of));
    if (this.#known) of(this.#value);
    return undo;
  }

  valueOf() {
    return this.#value;
  }

  toString() {
    return String(this.#value);
  }

  /**
   * @param {Observable} observable
   * @param {unknown} value
   */
  static set(observable, value) {
    if (observable.#known && observable.#value === value) return;
    observable.#known = true;
    observable.#value = value;
    observable.#changes.emit("", value);
  }
}

export class DeviceState {
  /**
   * @param {any} session
   * @param {() => Handlers} changes
   */
  constructor(session, changes) {
    /** @type {any} */
    const facts = Object.assign(
      this,
      ...FACTS.map((fact, i) => ({ [fact]: new Observable(changes(), i < 2 ? false : null) })),
    );
    session.overhear("device_state_update", (/** @type {any} */ { state = {} }) => {
      for (const fact of FACTS) {
        if (state?.[fact] !== undefined) Observable.set(facts[fact], state[fact]);
      }
    });
  }

  /** @this {any} */
  getSnapshot() {
    return Object.fromEntries(FACTS.map((fact) => [fact, this[fact].value ?? undefined]));
  }
}
