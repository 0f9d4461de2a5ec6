/** The server: runs the cloud on real sockets. */
import { STATUS_CODES, createServer } from "node:http";
import { isIPv6 } from "node:net";
import { randomBytes } from "node:crypto";
import { WebSocketServer } from "ws";

import { shell } from "package:core";
import { BodyError, BodyReader } from "./body.js";
import { Connection, TpaSocket } from "./connection.js";
import { Driver } from "./driver.js";
import { Semaphore } from "./semaphore.js";
import { checkMounts, serveFile } from "./static-files.js";
import { TcpConnections } from "./tcp-connections.js";

/** Frames of up to this multiple of the cloud's limit are read, so that a close handshake can follow. */
const HARD_LIMIT = 2;

/** Limits of the head of a request: bytes, bytes of its target, and number of headers. */
const MAX_HEAD_BYTES = 128 * 1024;
const MAX_TARGET_BYTES = 65_534;
const MAX_HEADERS = 100;

/** Part of a large response that is written at once, in bytes. */
const CHUNK_BYTES = 64 * 1024;

/** Number of large snapshots that are being read. */
const MAX_SNAPSHOTS = 2;

/** Time for the requests that are being served at a shutdown, in milliseconds. */
const REQUEST_MS = 500;

const BACKLOG = 1_024;

/** Dialects by the path of the socket. */
const SOCKETS = /** @type {Map<string, "augmentos" | "mentraos">} */ (
  new Map([
    ["/tpa-ws", "augmentos"],
    ["/app-ws", "mentraos"],
  ])
);

const CONTROL = /^\/(sessions|metrics|events|faults|frames|tools|scenarios|apps|apps\/[^/]+)$/;

/**
 * @typedef {import("node:http").IncomingMessage} IncomingMessage
 * @typedef {import("node:http").ServerResponse} ServerResponse
 * @typedef {import("node:net").Socket} Socket
 * @typedef {object} ServerConfig
 * @property {{ host: string, port: number }} listen
 * @property {import("./static-files.js").Mount[]} serve
 * @property {string | undefined} play Body of the request that plays a scenario or a seed.
 * @property {string | undefined} token
 * @property {string | undefined} publicUrl
 * @property {string[]} allowOrigins
 * @property {number} handshakeTimeoutMs
 * @property {number} maxFrame
 * @property {number} maxConnections
 * @property {number} maxSendBuffer
 * @property {Omit<import("../../types/index.d.ts").CloudOptions, "publicUrl">} cloud
 */

/**
 * Host and port as in a URL.
 *
 * @param {string | undefined} host
 * @param {number | undefined} port
 */
const authority = (host = "", port = 0) => `${isIPv6(host) ? `[${host}]` : host}:${port}`;

/**
 * Path and query of a request.
 *
 * @param {IncomingMessage} request
 */
function targetOf({ url = "/" }) {
  // A proxy sends the whole URL.
  const target = url.replace(/^https?:\/\/[^/?]*/, "").replace(/#.*/, "");
  const [path = "/", ...query] = target.split("?");
  return { path: path === "" ? "/" : path, query: query.join("?") };
}

export class Server {
  #isStopping = false;
  /** Those of snapshots, which repeat all that apps have shown. */
  #snapshots = new Semaphore(MAX_SNAPSHOTS);
  /** @type {WeakMap<IncomingMessage, Connection>} */
  #opened = new WeakMap();

  /**
   * Starts a server. Fails if the address is not available or a directory does not exist.
   *
   * @param {ServerConfig} config
   * @param {import("../cli/log.js").Log} log
   */
  static async start(config, log) {
    await checkMounts(config.serve);
    const http = createServer({
      headersTimeout: 0,
      requestTimeout: 0,
      keepAliveTimeout: 0,
      maxHeaderSize: MAX_HEAD_BYTES,
      // The rules of access decide.
      requireHostHeader: false,
    });
    // Before the cloud, which needs the address.
    const { host, port } = config.listen;
    await new Promise((resolve, reject) => {
      http.once("error", reject);
      http.listen({ host, port, backlog: BACKLOG }, () => resolve(undefined));
    });
    const server = new Server(config, log, http);
    http.on("error", (error) => log.add("warn", `cannot accept a connection error=${error.message}`));
    return server;
  }

  /**
   * @param {ServerConfig} config
   * @param {import("../cli/log.js").Log} log
   * @param {import("node:http").Server} http
   */
  constructor(config, log, http) {
    const { address, port } = /** @type {import("node:net").AddressInfo} */ (http.address());
    this.address = authority(address, port);
    const isLoopback = address === "::1" || address.startsWith("127.");
    this.token = config.token ?? (isLoopback ? undefined : randomBytes(16).toString("hex"));
    const reachable = { "0.0.0.0": "127.0.0.1", "::": "::1" }[address] ?? address;
    const publicUrl = config.publicUrl ?? `ws://${authority(reachable, port)}`;
    this.config = config;
    this.http = http;
    this.access = new shell.Access(this.address, this.token, config.publicUrl, config.allowOrigins);
    this.driver = new Driver({ ...config.cloud, publicUrl }, log);
    this.connections = new TcpConnections(config.maxConnections, config.handshakeTimeoutMs);
    this.bodies = new BodyReader(config.handshakeTimeoutMs);
    this.sockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      maxPayload: HARD_LIMIT * config.maxFrame,
      handleProtocols: () => false,
      verifyClient: ({ req }, done) => this.#open(req, done),
      WebSocket: TpaSocket,
    });
    this.sockets.on("wsClientError", (error, socket) => refuse(socket, 400, `${error.message}\n`));
    this.connections.attach(http);
    // Those with an `Expect` too, whatever is expected.
    for (const event of ["request", "checkContinue", "checkExpectation"])
      http.on(event, (request, response) => void this.#onRequest(request, response));
    http.on("upgrade", (request, socket, head) => this.#onUpgrade(request, socket, head));
    http.on("connect", (request, socket) => this.#onConnect(request, socket));
    http.on("clientError", (error, socket) => onClientError(error, socket));
    if (config.play) this.#play(config.play);
  }

  /** @param {string} request */
  #play(request) {
    const body = Buffer.from(request);
    void this.driver.control({ method: "POST", path: "/scenarios", query: "", body });
  }

  /**
   * Decides about the access of a request.
   *
   * @param {"file" | "socket" | "control"} scope
   * @param {IncomingMessage} request
   */
  #check(scope, request) {
    const { headers, method = "GET", socket } = request;
    const text = (/** @type {string} */ name) => /** @type {string | undefined} */ (headers[name]);
    return this.access.check(scope, socket.remoteAddress ?? "", {
      method,
      query: targetOf(request).query,
      host: headers.host,
      origin: text("origin"),
      authorization: headers.authorization,
      fetchSite: text("sec-fetch-site"),
      fetchDest: text("sec-fetch-dest"),
    });
  }

  /**
   * @param {IncomingMessage} request
   * @param {ServerResponse} response
   */
  async #onRequest(request, response) {
    response.on("error", () => {});
    try {
      await this.#route(request, response);
    } catch (error) {
      if (!(error instanceof BodyError)) {
        response.destroy();
        throw error;
      }
      if (response.headersSent) return;
      response.writeHead(error.status, { Connection: "close", "Content-Type": "text/plain; charset=utf-8" });
      response.end(error.message);
    }
  }

  /**
   * @param {IncomingMessage} request
   * @param {ServerResponse} response
   */
  async #route(request, response) {
    const { url = "", rawHeaders } = request;
    // Names and values.
    const isLong = rawHeaders.length > 2 * MAX_HEADERS;
    if (isLong || url.length > MAX_TARGET_BYTES) {
      response.writeHead(isLong ? 431 : 414, { Connection: "close" });
      response.end();
      return;
    }
    const { path, query } = targetOf(request);
    const isControl = CONTROL.test(path);
    const verdict = this.#check(isControl ? "control" : SOCKETS.has(path) ? "socket" : "file", request);
    for (const [name, value] of verdict.headers) response.setHeader(name, value);
    if (verdict.status !== null) {
      response.writeHead(verdict.status);
      response.end(verdict.body);
    } else if (isControl) {
      const body = await this.bodies.read(request, response);
      const { method = "GET" } = request;
      const answer = () => this.#control({ method, path, query, body }, response);
      if (path === "/events" && allowed(request)) this.#observe(request, response);
      else if (path === "/sessions" && allowed(request)) await this.#snapshots.run(answer);
      else await answer();
    } else if (path === "/healthz")
      text(response, allowed(request) ? 200 : 405, allowed(request) ? "ok\n" : "");
    else if (SOCKETS.has(path)) {
      const isGet = request.method === "GET";
      text(response, isGet ? 400 : 405, isGet ? "expected the upgrade to a WebSocket\n" : "");
    } else await serveFile(this.config.serve, path, request, response);
  }

  /**
   * @param {IncomingMessage} request
   * @param {ServerResponse} response
   */
  #observe(request, response) {
    if (this.#isStopping || !this.driver.feed.observe(response)) {
      text(response, 503, "too many observers\n");
      return;
    }
    this.connections.setObserving(request.socket);
  }

  /**
   * @param {{ method: string, path: string, query: string, body: Uint8Array }} request
   * @param {ServerResponse} response
   */
  async #control(request, response) {
    // The peer may have gone while the request waited.
    if (response.destroyed) return;
    const answer = request.path === "/events" ? undefined : await this.driver.control(request);
    if (answer === undefined) {
      const isKnown = request.path === "/events";
      response.writeHead(isKnown ? 405 : 404, isKnown ? { Allow: "GET,HEAD" } : {});
      response.end();
      return;
    }
    if (answer.contentType !== null) response.setHeader("Content-Type", answer.contentType);
    if (answer.allow !== null) response.setHeader("Allow", answer.allow);
    const bytes = Buffer.from(answer.body);
    if (answer.status !== 204) response.setHeader("Content-Length", bytes.length);
    response.writeHead(answer.status);
    await writeInParts(response, bytes);
  }

  /**
   * @param {IncomingMessage} request
   * @param {import("node:stream").Duplex} stream
   * @param {Buffer} head
   */
  #onUpgrade(request, stream, head) {
    const socket = /** @type {Socket} */ (stream);
    const isSocket = SOCKETS.has(targetOf(request).path);
    if (!isSocket || request.headers.upgrade?.toLowerCase() !== "websocket") {
      this.#serveWithoutUpgrade(request, socket, head);
      return;
    }
    const verdict = this.#check("socket", request);
    if (verdict.status !== null) {
      refuse(socket, verdict.status, verdict.body, "application/json");
      return;
    }
    // The library accepts drafts of the protocol too.
    if (request.method !== "GET" || request.headers["sec-websocket-version"] !== "13") {
      refuse(socket, request.method === "GET" ? 400 : 405, "");
      return;
    }
    this.sockets.handleUpgrade(request, socket, head, (upgraded) => {
      this.connections.setUpgraded(socket);
      this.#opened.get(request)?.attach(/** @type {TpaSocket} */ (upgraded));
    });
  }

  /**
   * Refuses a request to be a proxy.
   *
   * @param {IncomingMessage} request
   * @param {import("node:stream").Duplex} socket
   */
  #onConnect(request, socket) {
    const { status, body } = this.#check("file", request);
    if (status !== null) refuse(socket, status, body, "application/json");
    else refuse(socket, request.url?.startsWith("/") ? 405 : 404, "");
  }

  /**
   * Serves a request as if it had asked for no upgrade, as a server may. Node has given the connection
   * away, so it is read again, without the header.
   *
   * @param {IncomingMessage} request
   * @param {Socket} socket
   * @param {Buffer} head
   */
  #serveWithoutUpgrade({ method, url, httpVersion, rawHeaders }, socket, head) {
    let text = `${method} ${url} HTTP/${httpVersion}\r\n`;
    for (const [index, name] of rawHeaders.entries()) {
      if (index % 2 === 0 && name.toLowerCase() !== "upgrade")
        text += `${name}: ${rawHeaders[index + 1]}\r\n`;
    }
    socket.unshift(Buffer.concat([Buffer.from(`${text}\r\n`, "latin1"), head]));
    this.http.emit("connection", socket);
  }

  /**
   * Opens the socket of a valid request.
   *
   * @param {IncomingMessage} request
   * @param {(isAccepted: boolean, status?: number, body?: string) => void} done
   */
  #open(request, done) {
    const { socket } = request;
    const peer = authority(socket.remoteAddress, socket.remotePort);
    const dialect = SOCKETS.get(targetOf(request).path) ?? "augmentos";
    const make = (/** @type {number} */ id) =>
      new Connection(id, socket, this.driver, this.config.maxSendBuffer);
    const opened = this.driver.open(peer, dialect, make);
    if (opened === "reset") socket.resetAndDestroy();
    else if (opened === "full") done(false, 503, "too many connections\n");
    else {
      this.#opened.set(request, opened);
      done(true);
    }
  }

  /** Closes all sockets and stops the server. */
  async shutDown() {
    await this.driver.shutDown();
    this.#isStopping = true;
    /** @type {Promise<void>} */
    const closed = new Promise((resolve) => this.http.close(() => resolve()));
    this.driver.feed.end();
    this.http.closeIdleConnections();
    // Remaining requests are dropped.
    await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, REQUEST_MS))]);
    this.connections.closeAll();
  }
}

/** @param {IncomingMessage} request */
const allowed = ({ method }) => method === "GET" || method === "HEAD";

/**
 * @param {ServerResponse} response
 * @param {number} status
 * @param {string} body
 */
function text(response, status, body) {
  response.writeHead(status, {
    "Content-Type": "text/plain; charset=utf-8",
    "Content-Length": Buffer.byteLength(body),
  });
  response.end(body);
}

/**
 * Writes a body as far as the peer reads it.
 *
 * @param {ServerResponse} response
 * @param {Buffer} body
 */
async function writeInParts(response, body) {
  if (body.length <= CHUNK_BYTES) {
    response.end(body);
    return;
  }
  for (let start = 0; start < body.length; start += CHUNK_BYTES) {
    if (response.write(body.subarray(start, start + CHUNK_BYTES))) continue;
    /** @type {Promise<void>} */
    const ready = new Promise((resolve) => {
      response.once("drain", resolve);
      response.once("close", resolve);
    });
    await ready;
    if (response.destroyed) return;
  }
  response.end();
}

/**
 * Answers an upgrade with a status, and closes the connection.
 *
 * @param {import("node:stream").Duplex} socket
 * @param {number} status
 * @param {string} body
 * @param {string} [type]
 */
function refuse(socket, status, body, type = "text/plain; charset=utf-8") {
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    "Connection: close",
    `Content-Type: ${type}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  socket.once("finish", () => socket.destroy());
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}

/**
 * Answers a request that cannot be parsed.
 *
 * @param {NodeJS.ErrnoException} error
 * @param {import("node:stream").Duplex} socket
 */
function onClientError(error, socket) {
  if (socket.writable && error.code !== "ECONNRESET")
    refuse(socket, error.code === "HPE_HEADER_OVERFLOW" ? 431 : 400, "");
  else socket.destroy();
}
