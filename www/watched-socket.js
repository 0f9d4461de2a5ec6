/** A WebSocket like any other, whose newest one can be asked how much the network has not taken. */
export class WatchedSocket extends WebSocket {
  /** @type {WatchedSocket | undefined} */
  static #newest;

  /** @param {string} url */
  constructor(url) {
    super(url);
    WatchedSocket.#newest = this;
  }

  /** Bytes that the newest one holds. */
  static get buffered() {
    const socket = WatchedSocket.#newest;
    return socket?.readyState === WebSocket.OPEN ? socket.bufferedAmount : 0;
  }
}
