/** Sockets that do more for each message. */
import { WebSocket } from "#socket";

/**
 * @param {(data: any) => void} cost called with the data of each message before the client's listener
 * @returns {any}
 */
export const socketWith = (cost) =>
  class extends /** @type {any} */ (WebSocket) {
    /**
     * Listener of `ws`.
     *
     * @param {string} event
     * @param {(...args: any[]) => void} listener
     */
    on(event, listener) {
      if (event !== "message") return super.on(event, listener);
      return super.on(event, (/** @type {any} */ data, /** @type {boolean} */ isBinary) => {
        cost(data);
        listener(data, isBinary);
      });
    }

    /** Listener in a page. @param {(event: MessageEvent) => void} listener */
    set onmessage(listener) {
      super.onmessage = (/** @type {MessageEvent} */ event) => {
        cost(event.data);
        listener(event);
      };
    }
  };
