/**
 * Connections of the balancer to one process. They are kept, and a request is one write: Node's own client takes
 * several times as long, on the cores that the processes have.
 *
 * @typedef {{ statusCode: number, headers: Record<string, string>, body: Buffer }} Answer
 */
import { connect } from "node:net";

/** Time for which an idle connection stays open, ms. */
const KEEP_MS = 60_000;
const HEAD_END = "\r\n\r\n";
/** Headers of a request that belong to its connection, or to the form of its body. */
const OWN = new Set(["connection", "content-length", "keep-alive", "transfer-encoding"]);

export class Upstream {
  /** @type {Connection[]} */
  #idle = [];
  #url;

  /** @param {string} url */
  constructor(url) {
    this.#url = new URL(url);
  }

  /**
   * Sends a request. The promise rejects where the connection fails before the answer.
   *
   * @param {{ method: string, path: string, headers: import("node:http").IncomingHttpHeaders, body: Buffer }} request
   * @returns {Promise<Answer>}
   */
  async send({ method, path, headers, body }) {
    const connection = this.#idle.pop() ?? this.#open();
    const lines = [`${method} ${path} HTTP/1.1`];
    const given = { host: this.#url.host, ...headers };
    for (const [name, value] of Object.entries(given)) if (!OWN.has(name)) lines.push(`${name}: ${value}`);
    lines.push(`content-length: ${body.length}`);
    const head = Buffer.from(lines.join("\r\n") + HEAD_END);
    const answer = await connection.exchange(Buffer.concat([head, body]));
    // Otherwise the process closes it.
    if (answer.headers.connection?.toLowerCase() !== "close") this.#idle.push(connection);
    return answer;
  }

  #open() {
    const connection = new Connection(this.#url, () => {
      this.#idle = this.#idle.filter((each) => each !== connection);
    });
    return connection;
  }
}

/** One request at a time. */
class Connection {
  #socket;
  #received = Buffer.alloc(0);
  /** @type {{ resolve: (answer: Answer) => void, reject: (error: Error) => void } | undefined} */
  #waiting;

  /** @param {URL} url @param {() => void} closed */
  constructor({ hostname: host, port }, closed) {
    this.#socket = connect({ host, port: Number(port), noDelay: true });
    this.#socket.on("data", (chunk) => this.#receive(chunk));
    this.#socket.on("error", (error) => this.#waiting?.reject(error));
    this.#socket.on("timeout", () => this.#socket.destroy());
    this.#socket.on("close", () => {
      closed();
      this.#waiting?.reject(new Error("closed without an answer"));
    });
  }

  /** Writes a request; resolves to the answer. @param {Buffer} request @returns {Promise<Answer>} */
  exchange(request) {
    this.#received = Buffer.alloc(0);
    this.#socket.setTimeout(0);
    this.#socket.write(request);
    return new Promise((resolve, reject) => (this.#waiting = { resolve, reject }));
  }

  /** @param {Buffer} chunk */
  #receive(chunk) {
    this.#received = Buffer.concat([this.#received, chunk]);
    try {
      const answer = read(this.#received);
      if (answer === undefined) return;
      this.#socket.setTimeout(KEEP_MS);
      this.#waiting?.resolve(answer);
      this.#waiting = undefined;
    } catch (error) {
      this.#socket.destroy(/** @type {Error} */ (error));
    }
  }
}

/** Returns an answer that has arrived, `undefined` before it is complete. @param {Buffer} received @returns {Answer | undefined} */
function read(received) {
  const end = received.indexOf(HEAD_END);
  if (end === -1) return undefined;
  const [status = "", ...lines] = received.toString("latin1", 0, end).split("\r\n");
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const length = Number(headers["content-length"]);
  if (!Number.isInteger(length)) throw new Error(`no content-length in the answer: ${status}`);
  const body = received.subarray(end + HEAD_END.length);
  if (body.length < length) return undefined;
  return { statusCode: Number(status.split(" ")[1]), headers, body };
}
