/**
 * WebSockets of the sessions of a process: nothing passes them while it does not know which sessions it has,
 * and some are opened before their sessions arrive.
 */
import { loadWebSocket, webSocket } from "../platform/node-sockets.js";
import { HttpError } from "../server/http-error.js";
import { createGate, gated } from "./gate.js";
import { WarmSockets } from "./warm-sockets.js";

/** Default of `maxFrameBytes`. */
const MAX_FRAME = 4 * 1024 * 1024;

/** Of a session without a cluster as well. */
const NONE =
  'This runtime has no WebSocket. Install the package "ws" (npm install ws), or pass a constructor as the option WebSocket';

export class Sockets {
  #gate;
  #warm;
  #given;
  /** @type {Promise<void>} */
  #loaded = Promise.resolve();
  /** Constructor for the sessions. */
  WebSocket;

  /**
   * @param {any} given option of the app
   * @param {number | undefined} maxFrameBytes option of the app
   * @param {() => boolean} mayPass asked for each frame in both directions
   */
  constructor(given, maxFrameBytes, mayPass) {
    this.#given = given;
    this.#gate = createGate(mayPass);
    const choose = () => webSocket(given);
    const Direct = gated(choose, this.#gate);
    const maxPayload = maxFrameBytes ?? MAX_FRAME;
    this.#warm = new WarmSockets((url) => new Direct(url, undefined, { maxPayload }));
    this.WebSocket = gated(choose, this.#gate, (url) => this.#warm.take(new URL(url).href));
  }

  /** Loads what sessions without a cluster use as well: the package `ws` if there is one. */
  load() {
    if (this.#given !== undefined || globalThis.process?.release?.name !== "node") return;
    this.#loaded = loadWebSocket(() =>
      import("ws").then(
        ({ WebSocket }) => WebSocket,
        () => undefined,
      ),
    ).then(() => {});
  }

  /** Settles once sockets can be made. */
  get loaded() {
    return this.#loaded;
  }

  /**
   * Refuses a session where none can be made. A session does not notice it: the constructor is there.
   *
   * @throws {HttpError}
   */
  check() {
    if (webSocket(this.#given) === undefined) throw new HttpError(502, `not connected: ${NONE}`);
  }

  /** Opens a socket for a session that is about to arrive. @param {string} url */
  open(url) {
    this.#warm.open(url);
  }

  /** Lets the frames pass that waited. */
  release() {
    this.#gate.release();
  }

  /**
   * Closes a session, and waits for the end of its connection. A cloud that hears the process which goes on
   * with the session before that takes the end of the old connection for that of the new one.
   *
   * @param {() => void} close
   */
  closing(close) {
    return this.#gate.closing(close);
  }

  /** Closes the sockets that wait for sessions. */
  close() {
    this.#warm.close();
  }
}
