/** `session.led`: the RGB LED of the glasses. */
import { CHECK_OPTIONS } from "../session/internal-symbols.js";
import { duration, oneOf } from "../session/validate.js";
import { Unproxied } from "../session/unproxied.js";
import { LED_OPTIONS } from "./option-names.js";

const COLORS = ["red", "green", "blue", "orange", "white"];

export class Led extends Unproxied {
  #session;
  #requests;

  /**
   * @param {any} session
   * @param {import("./requests.js").Requests} requests
   */
  constructor(session, requests) {
    super();
    this.#session = session;
    this.#requests = requests;
  }

  /** @param {{ color?: string, ontime?: number, offtime?: number, count?: number }} [options] */
  async turnOn(options = {}) {
    this.#session[CHECK_OPTIONS](options, LED_OPTIONS);
    const { color = "red", ontime = 1000, offtime = 0, count = 1 } = options;
    oneOf("color", color, COLORS);
    duration("ontime", ontime);
    duration("offtime", offtime);
    return this.#control({ action: "on", color, ontime, offtime, count });
  }

  async turnOff() {
    return this.#control({ action: "off" });
  }

  /**
   * @param {string} color
   * @param {number} ontime
   * @param {number} offtime
   * @param {number} count
   */
  async blink(color, ontime, offtime, count) {
    return this.turnOn({ color, ontime, offtime, count });
  }

  /**
   * @param {string} color
   * @param {number} ontime
   */
  async solid(color, ontime) {
    return this.turnOn({ color, ontime });
  }

  getCapabilities() {
    return this.#session.capabilities?.light?.lights ?? [];
  }

  /** @param {object} message */
  #control(message) {
    return this.#session.send({ type: "rgb_led_control", requestId: this.#requests.id(), ...message });
  }
}
