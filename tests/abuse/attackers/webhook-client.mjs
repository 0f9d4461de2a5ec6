/** A program that makes hostile requests: `webhook-client.mjs ATTACK MILLISECONDS PORT CLOUD SESSION`. */
import { Agent, request } from "node:http";
import { connect } from "node:net";

import { answer, ready } from "../program.mjs";

const [name, duration, port, cloud, sessionId] = process.argv.slice(2);
/** Requests at once: usually, of those with large bodies, and of those that wait for an answer. */
const [CONCURRENT, LARGE_CONCURRENT, WAITING_CONCURRENT] = [32, 8, 200];
/** Time between the starts of two that run at once, ms. */
const STAGGER = 3;
/** Time that a request is waited for, ms. */
const PATIENCE = 300;
/** Sockets that are slow. */
const SLOW = 400;

const agent = new Agent({ keepAlive: true, maxSockets: Infinity });
const statuses = {};
let until = 0;
let serial = 0;
const isOver = () => performance.now() > until;

/** Makes a request; resolves with its status, 0 if the connection was cut. */
function post(body, headers = {}, path = "/webhook") {
  return new Promise((resolve) => {
    const settle = (/** @type {number} */ status) => {
      statuses[status] = (statuses[status] ?? 0) + 1;
      resolve(status);
    };
    const options = { agent, port, host: "127.0.0.1", method: "POST", path };
    const asked = request(
      { ...options, headers: { "content-type": "application/json", ...headers } },
      (response) => {
        response.resume();
        response.on("end", () => settle(response.statusCode ?? 0));
        response.on("error", () => settle(0));
      },
    );
    asked.on("error", () => settle(0));
    // A session that connects keeps its request waiting.
    asked.setTimeout(PATIENCE, () => asked.destroy());
    asked.end(body);
  });
}

/** Makes requests until the time is up or they are as many as given. */
async function flood(make, { count = Infinity, concurrent = CONCURRENT } = {}) {
  let left = count;
  const worker = async (/** @type {unknown} */ _, /** @type {number} */ index) => {
    await new Promise((resolve) => setTimeout(resolve, index * STAGGER));
    while (!isOver() && left-- > 0) await make(serial++);
  };
  await Promise.all(Array.from({ length: concurrent }, worker));
}

const asked = (index, more) =>
  JSON.stringify({ type: "session_request", sessionId: `s${index}-x`, userId: `u${index}`, ...more });

/** Sockets that begin a request and send a byte now and then. */
async function slowly(head, piece) {
  const sockets = Array.from({ length: SLOW }, () => connect(Number(port), "127.0.0.1"));
  for (const socket of sockets) {
    socket.on("error", () => {});
    socket.resume();
    socket.write(head);
  }
  while (!isOver()) {
    for (const socket of sockets) if (socket.writable) socket.write(piece);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  for (const socket of sockets) socket.destroy();
}

const HEAD =
  "POST /webhook HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 60000\r\n";

const ATTACKS = {
  "2,000 forged requests": () =>
    flood((index) => post(asked(index, { websocketUrl: cloud })), {
      count: 2000,
      concurrent: WAITING_CONCURRENT,
    }),
  "requests for the sessions of others": () =>
    flood(() => {
      const body = { type: "session_request", sessionId, userId: "mallory", websocketUrl: `${cloud}/?x` };
      return Promise.all([
        post(JSON.stringify(body)),
        post(JSON.stringify({ ...body, type: "stop_request" })),
        post(JSON.stringify({ ...body, websocketUrl: "wss://mallory.example/" })),
      ]);
    }),
  "bodies of 10 MB": () => {
    const body = Buffer.alloc(10_000_000, "[");
    return flood(() => post(body), { concurrent: LARGE_CONCURRENT });
  },
  "bodies that never end": () => slowly(`${HEAD}\r\n`, "[".repeat(100)),
  "headers that never end": () => slowly(HEAD, "x: y\r\n"),
  "odd content types": () => {
    const types = ["text/plain", "multipart/form-data; boundary=x", "x".repeat(8000), "application/json;;;"];
    return flood((index) => post(asked(index), { "content-type": types[index % types.length] }));
  },
  "JSON nested 30,000 deep": () => {
    const body = '{"type":'.repeat(4000) + "[".repeat(30_000);
    return flood(() => post(body), { concurrent: LARGE_CONCURRENT });
  },
  "bad UTF-8": () => flood(() => post(Buffer.alloc(60_000, 0xff))),
  "foreign paths and pages": () =>
    flood(async (index) => {
      await post("{}", {}, `/${"a/".repeat(3000)}${index}`);
      await post(asked(index), { origin: "https://mallory.example" });
    }),
};

answer({
  async attack() {
    until = performance.now() + Number(duration);
    await ATTACKS[name]();
    return statuses;
  },
});
ready({});
