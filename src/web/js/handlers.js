/**
 * Event handlers by event name.
 *
 * @typedef {(payload: any) => void} Handler
 * @typedef {{ handler: Handler, once: boolean, passive: boolean, active: boolean }} Registration
 * @typedef {import("./connection.js").Connection} Connection
 */
import { mustBe } from "./errors.js";

export class Handlers {
  /** @type {Map<string, Registration[]>} lists are replaced, not changed: one may be running */
  handlers = new Map();

  /** Whether a handler listens to one language, or one gesture, of a stream. */
  hasVariants = false;

  /** Called after each change of the handlers. */
  onChange() {}

  /**
   * @param {string} event
   * @param {Handler} handler
   * @param {boolean} [once] only for the next event
   * @param {boolean} [passive] without subscribing to the stream
   * @returns {() => void} removes the handler
   */
  on(event, handler, once = false, passive = false) {
    check(event, handler);
    const registration = { handler, once, passive, active: true };
    const list = this.handlers.get(event) ?? [];
    // Keeps the events in the order in which they were first subscribed to.
    if (!passive && list.every(({ passive }) => passive)) this.handlers.delete(event);
    this.set(event, [...list, registration]);
    return () => this.remove(event, registration);
  }

  /** The events that have a handler which is not passive. */
  subscribedEvents() {
    const lists = [...this.handlers].filter(([, list]) => list.some(({ passive }) => !passive));
    return lists.map(([event]) => event);
  }

  /**
   * Removes the oldest registration of the handler.
   * @param {string} event
   * @param {Handler} handler
   */
  off(event, handler) {
    check(event, handler);
    const registration = this.handlers.get(event)?.find((each) => each.handler === handler);
    if (registration !== undefined) this.remove(event, registration);
  }

  /**
   * @param {string} event
   * @param {Registration} registration
   */
  remove(event, registration) {
    if (!registration.active) return;
    registration.active = false;
    const list = this.handlers.get(event) ?? [];
    this.set(
      event,
      list.filter((each) => each !== registration),
    );
  }

  /**
   * @param {string} event
   * @param {Registration[]} list
   */
  set(event, list) {
    if (list.length === 0) this.handlers.delete(event);
    else this.handlers.set(event, list);
    this.hasVariants = [...this.handlers.keys()].join().includes(":");
    this.onChange();
  }

  /**
   * Calls the handlers of an event and reports what they throw as uncaught. Handlers of a frame
   * are called only while its connection is attached: one of them may end the session.
   * @param {string} event
   * @param {any} payload
   * @param {Connection} [connection] the source of the frame
   * @returns {boolean} whether the event has a handler
   */
  emit(event, payload, connection) {
    const list = this.handlers.get(event);
    if (list === undefined) return false;
    for (let i = 0; i < list.length; i++) {
      const registration = list[i];
      if (connection !== undefined && !connection.attached) return true;
      if (!registration.active) continue;
      if (registration.once) this.remove(event, registration);
      try {
        // Taken out first, so that the handler is not called as a method of its registration.
        const { handler } = registration;
        handler(payload);
      } catch (error) {
        reportUncaught(error);
      }
    }
    return true;
  }
}

/**
 * @param {unknown} event
 * @param {unknown} handler
 */
function check(event, handler) {
  if (typeof event !== "string" || event === "") throw new TypeError(mustBe("event", "a non-empty string", event));
  if (typeof handler !== "function") throw new TypeError(mustBe("handler", "a function", handler));
}

/** @param {unknown} error */
function reportUncaught(error) {
  try {
    if (typeof reportError === "function") return reportError(error);
  } catch {
    // A page may have replaced it by a function of its own.
  }
  queueMicrotask(() => {
    throw error;
  });
}
