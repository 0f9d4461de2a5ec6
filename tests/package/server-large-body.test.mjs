/** Large bodies that the webhook refuses, sent faster than the server does anything else. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Worker } from "node:worker_threads";

import { app, load } from "./server-support.mjs";
import { project } from "./support.mjs";

const BODY = 10_000_000;
/** Bytes of one connection that may be read in one turn of the event loop. Node reads 32 times 64 KiB. */
const BYTES_A_TURN = 256 * 1024;
/** Time in which the buffers of the connection fill, ms. */
const FILLING = 200;

let place;
let createTpaServer;

before(() => {
  place = project({ ws: true });
  ({ createTpaServer } = load(place, "tpa-session/server"));
});

after(() => place?.remove());

/** Sends a body from another thread; resolves with the response when all of it was sent. */
function upload(webhook) {
  const send = async ({ url, length }) => {
    const { request } = await import("node:http");
    const { parentPort } = await import("node:worker_threads");
    const headers = { "content-type": "application/json" };
    const asked = request(url, { method: "POST", headers });
    asked.on("error", ({ message }) => parentPort.postMessage({ status: message }));
    const answered = new Promise((resolve) => asked.on("response", (response) => resolve(response.resume())));
    asked.end(Buffer.alloc(length, "["), async () => {
      parentPort.postMessage({ status: (await answered).statusCode });
    });
  };
  const code = `(${send})(require("node:worker_threads").workerData)`;
  const worker = new Worker(code, { eval: true, workerData: { url: webhook, length: BODY } });
  return new Promise((resolve, reject) => worker.on("message", resolve).on("error", reject));
}

for (const [what, status, authorize] of [
  ["is too large", 413, () => true],
  ["is not authorized", 401, () => false],
]) {
  test(`a body that ${what} is read a little in each turn`, { timeout: 20_000 }, async () => {
    let most = 0;
    let all = 0;
    let isWhole;
    const whole = new Promise((resolve) => (isWhole = resolve));
    const host = (server) => (request, response) => {
      const { socket } = request;
      const look = () => {
        most = Math.max(most, socket.bytesRead - all);
        all = socket.bytesRead;
        if (all >= BODY) isWhole();
        else setImmediate(look);
      };
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FILLING);
      look();
      server.node(request, response);
    };
    const { webhook, stop } = await app(createTpaServer, { authorize }, host);
    try {
      const answer = await upload(webhook);
      assert.deepEqual(answer, { status });
      await whole;
      assert.ok(most <= BYTES_A_TURN, `${most} bytes in one turn`);
    } finally {
      await stop();
    }
  });
}
