/**
 * Extends a class of WebSockets so that it exposes the `bufferedAmount` of its newest instance.
 *
 * @param {typeof WebSocket} Base
 */
export function watch(Base) {
  return class WatchedSocket extends Base {
    /** @type {WatchedSocket | undefined} */
    static #newest;

    /** @param {string} url */
    constructor(url) {
      super(url);
      WatchedSocket.#newest = this;
    }

    /** Bytes that the newest socket has not yet sent; 0 while it is not open. */
    static get buffered() {
      const socket = WatchedSocket.#newest;
      return socket?.readyState === Base.OPEN ? socket.bufferedAmount : 0;
    }
  };
}
