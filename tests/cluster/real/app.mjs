/**
 * An app in a process of its own, on a cluster in Redis. It writes lines of JSON: `ready` with its port, then
 * `given` and `stopped` for each session, `error`, and the answer to each command that it reads.
 *
 *     APP='{"name": "app-0", "address": "127.0.0.11", …}' node app.mjs
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

import { createClient, createSentinel } from "redis-6";
import { WebSocket } from "ws";

import { PACKAGE } from "../../support/paths.mjs";

/**
 * @typedef {object} Settings
 * @property {string} packageName
 * @property {string} name of the process in the cluster
 * @property {string} address of its server, and from which it connects
 * @property {string} cloud host and port that it may connect to
 * @property {string} redis URL
 * @property {number} [sentinel] port of a Sentinel, instead of the URL
 * @property {number} [cardInterval] time between two cards of a session, ms; default: none
 * @property {boolean} [echo] shows a card for each frame of a stream
 * @property {string} [stream] that each session subscribes to
 * @property {boolean} [isAlone] without a cluster
 * @property {boolean} [isFull] with the sessions of `tpa-session/full`
 * @property {object} [server] further options of the server
 * @property {number} [closeTimeout] ms, at SIGTERM; default: that of the server
 */

const entry = (/** @type {string} */ file) => import(pathToFileURL(join(PACKAGE, file)).href);
const { createTpaServer } = await entry("server-node.js");
const { redisCluster } = await entry("cluster-node.js");
const { TpaSession } = await entry("full-node.js");

/** @type {Settings} */
const settings = JSON.parse(process.env.APP ?? "{}");
const { packageName, name, address, cloud, redis, cardInterval, echo, stream, isAlone } = settings;

/** Lines that are written at the end of this turn of the event loop: each write takes as long as a card. */
let lines = "";
const flush = () => {
  process.stdout.write(lines);
  lines = "";
};
const tell = (/** @type {object} */ line) => {
  if (lines === "") setImmediate(flush);
  lines += `${JSON.stringify(line)}\n`;
};

/** A client, or for Sentinel a function that makes one. */
function redisClient() {
  const { sentinel } = settings;
  if (sentinel !== undefined) {
    const root = { host: "127.0.0.1", port: sentinel };
    return () => createSentinel({ name: "tpa", sentinelRootNodes: [root] });
  }
  const client = createClient({ url: redis });
  client.on("error", () => {});
  return client;
}

/** Connects from the address of this process, which tells the cloud's events apart. */
class Socket extends WebSocket {
  /** @param {string} url */
  constructor(url) {
    super(url, { localAddress: address });
  }
}

/** Longer than the balancer keeps idle connections: a request on one that closes is lost. */
const KEEP_MS = 120_000;

/** Users whose sessions end their process, by the start of their names. @type {Record<string, () => void>} */
const POISONS = {
  "poison-exit": () => process.exit(3),
  "poison-loop": () => {
    for (;;);
  },
  "poison-memory": () => {
    const kept = [];
    for (;;) kept.push(new Array(1_000_000).fill(kept.length));
  },
};

/** @param {any} session @param {{ userId: string, previous?: unknown }} context */
function onSession(session, { userId, previous }) {
  tell({ event: "given", user: userId, at: Date.now(), previous });
  for (const [start, act] of Object.entries(POISONS))
    if (userId.startsWith(start)) {
      flush();
      act();
    }
  const show = (/** @type {string} */ text) => session.layouts.showTextWall(`${name}: ${text}`);
  if (stream !== undefined) session.on(stream, () => (echo ? show("heard") : undefined));
}

/** @param {string} reason @param {{ userId: string }} context */
function onStop(reason, { userId }) {
  tell({ event: "stopped", user: userId, reason, at: Date.now() });
  return { from: name };
}

const server = createTpaServer({
  packageName,
  apiKey: "dev-key",
  ...(settings.isFull && { TpaSession }),
  authorize: () => true,
  clouds: [cloud],
  session: { logLevel: "warn", WebSocket: Socket },
  handleSignals: settings.closeTimeout === undefined ? "handover" : false,
  onSession,
  onStop,
  onToolCall: async ({ toolParameters, userId, session }) => {
    await new Promise((resolve) => setTimeout(resolve, Number(toolParameters.ms ?? 0)));
    return `${name} ${userId} ${session === undefined ? "absent" : "present"}`;
  },
  onError: (error, { where, userId }) => tell({ event: "error", where, user: userId, message: `${error}` }),
  ...(isAlone ? {} : { cluster: redisCluster({ client: redisClient(), name }) }),
  ...settings.server,
});

if (settings.closeTimeout !== undefined) {
  process.once("SIGTERM", async () => {
    await server.close({ release: false, timeout: settings.closeTimeout });
    process.exit();
  });
}

// Spread over the interval, so that not all cards are sent at once.
const PARTS = 10;
let turn = 0;
const showSome = () => {
  let index = 0;
  for (const session of server.sessions.values()) {
    if (index++ % PARTS === turn % PARTS && session.state === "connected") {
      session.layouts.showTextWall(`${name}: ${turn}`);
    }
  }
  turn += 1;
};
if (cardInterval !== undefined) setInterval(showSome, cardInterval / PARTS);

/** Commands by name. @type {Record<string, (fields: any) => unknown>} */
const COMMANDS = {
  sessions: () => [...server.sessions.values()].map(({ userId, state }) => ({ user: userId, state })),
  usage: () => ({
    ...process.cpuUsage(),
    memory: process.memoryUsage.rss(),
    peak: process.resourceUsage().maxRSS * 1024,
  }),
  photo: async ({ user }) => {
    try {
      const photo = await server.sessions.get(`${user}-${packageName}`)?.camera.requestPhoto();
      const digest = createHash("sha256").update(photo.buffer).digest("hex");
      return { requestId: photo.requestId, digest };
    } catch (error) {
      return { error: `${error}` };
    }
  },
  block: ({ ms }) => {
    const end = performance.now() + ms;
    while (performance.now() < end);
  },
};

createInterface(process.stdin).on("line", async (line) => {
  const { id, command, ...fields } = JSON.parse(line);
  tell({ event: "answer", id, result: await COMMANDS[command]?.(fields) });
});
// The program that started it has ended.
process.stdin.on("end", () => process.exit());

const http = createServer({ keepAliveTimeout: KEEP_MS }, server.node).listen(0, address);
await once(http, "listening");
tell({ event: "ready", port: /** @type {import("node:net").AddressInfo} */ (http.address()).port });
