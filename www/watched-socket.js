/** WebSocket that exposes the `bufferedAmount` of its newest instance. */
export class WatchedSocket extends WebSocket {
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
    return socket?.readyState === WebSocket.OPEN ? socket.bufferedAmount : 0;
  }
}
