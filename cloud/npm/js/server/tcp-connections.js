/** TCP connections: their number is limited, and each stage of HTTP has a deadline. */

/** Connections in addition to those of TPAs: control requests, observers and pages. */
const EXTRA = 256;

const TOO_MANY =
  "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 21\r\n\r\ntoo many connections\n";

/** @typedef {import("node:net").Socket} Socket */

/** @typedef {{ requests: number, deadline: NodeJS.Timeout | undefined, isUpgraded: boolean }} State */

export class TcpConnections {
  /** @type {Map<Socket, State>} */
  #open = new Map();
  /**
   * Those that may be idle, in the order of their last use.
   *
   * @type {Set<Socket>}
   */
  #idle = new Set();

  /**
   * @param {number} maxConnections
   * @param {number} timeoutMs Time for the head of a request, also after earlier ones, and for each
   *   write of a response.
   */
  constructor(maxConnections, timeoutMs) {
    this.most = maxConnections + EXTRA;
    this.timeoutMs = timeoutMs;
  }

  /**
   * Watches the connections of a server.
   *
   * @param {import("node:http").Server} server
   */
  attach(server) {
    server.on("connection", (socket) => this.#add(socket));
    for (const event of ["request", "checkContinue", "checkExpectation"])
      server.on(event, (request, response) => this.#begin(request.socket, response));
    // Nothing was sent for the time, though there is something to send. With a listener Node does not
    // close idle connections by itself.
    server.on("timeout", (socket) => {
      if (socket.writableLength > 0 && !this.#open.get(socket)?.isUpgraded) this.#reset(socket);
    });
  }

  /** @param {Socket} socket */
  #add(socket) {
    // A connection is given to the server again after a request for an upgrade that is not made.
    if (this.#open.has(socket)) return;
    socket.on("error", () => {});
    if (this.#open.size >= this.most && !this.#makeRoom()) {
      socket.end(TOO_MANY, () => socket.destroy());
      return;
    }
    socket.setNoDelay(true);
    socket.setTimeout(this.timeoutMs);
    this.#open.set(socket, { requests: 0, deadline: undefined, isUpgraded: false });
    this.#idle.add(socket);
    this.#awaitHead(socket);
    socket.on("close", () => this.#remove(socket));
  }

  /** Resets the connection that was idle for the longest time. */
  #makeRoom() {
    const [longest] = this.#idle;
    if (longest === undefined) return false;
    this.#reset(longest);
    return true;
  }

  /** @param {Socket} socket */
  #reset(socket) {
    this.#remove(socket);
    socket.resetAndDestroy();
  }

  /** @param {Socket} socket */
  #remove(socket) {
    clearTimeout(this.#open.get(socket)?.deadline);
    this.#open.delete(socket);
    this.#idle.delete(socket);
  }

  /** @param {Socket} socket */
  #awaitHead(socket) {
    const state = this.#open.get(socket);
    if (state === undefined) return;
    clearTimeout(state.deadline);
    state.deadline = setTimeout(() => socket.destroy(), this.timeoutMs);
  }

  /**
   * @param {Socket} socket
   * @param {import("node:http").ServerResponse} response
   */
  #begin(socket, response) {
    const state = this.#open.get(socket);
    if (state === undefined) return;
    clearTimeout(state.deadline);
    state.requests += 1;
    this.#use(socket);
    response.on("close", () => {
      state.requests -= 1;
      if (state.requests > 0) return;
      this.#use(socket);
      this.#awaitHead(socket);
    });
  }

  /**
   * Makes a connection the one that was used last.
   *
   * @param {Socket} socket
   */
  #use(socket) {
    if (this.#idle.delete(socket)) this.#idle.add(socket);
  }

  /**
   * Marks the connection of an observer of events: it is in use.
   *
   * @param {Socket} socket
   */
  setObserving(socket) {
    this.#idle.delete(socket);
  }

  /**
   * Marks a WebSocket, whose times the cloud limits.
   *
   * @param {Socket} socket
   */
  setUpgraded(socket) {
    const state = this.#open.get(socket);
    if (state === undefined) return;
    state.isUpgraded = true;
    clearTimeout(state.deadline);
    socket.setTimeout(0);
    this.#idle.delete(socket);
  }

  /** Closes every connection. */
  closeAll() {
    for (const socket of this.#open.keys()) socket.destroy();
  }
}
