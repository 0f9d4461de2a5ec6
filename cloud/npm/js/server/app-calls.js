/** Requests to the web servers of apps. */
import { request as post } from "node:http";

import { Shares } from "./shares.js";

/** Size limit for response bodies. */
const MAX_ANSWER_BYTES = 64 * 1024;

/** Number of concurrent calls of webhooks of one app, and of its other concurrent requests. */
const MAX_WEBHOOKS = 256;
const MAX_CALLS = 16;

/**
 * @typedef {import("../../types/index.d.ts").AppRequest} AppRequest
 * @typedef {{ status: number, body: Buffer }} Answer
 */

/**
 * Sends a POST request.
 *
 * @param {AppRequest} call
 * @returns {Promise<Answer>}
 */
function send({ url, contentType, body, timeoutMs, timeoutError }) {
  return new Promise((resolve, reject) => {
    const headers = { "Content-Type": contentType, "Content-Length": body.length };
    const request = post(url, { method: "POST", headers, agent: false }, (response) => {
      /** @type {Buffer[]} */
      const chunks = [];
      let length = 0;
      response.on("data", (/** @type {Buffer} */ chunk) => {
        length += chunk.length;
        if (length <= MAX_ANSWER_BYTES) chunks.push(chunk);
        else request.destroy(new Error("length limit exceeded"));
      });
      response.on("error", reject);
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) }));
    });
    const timer = setTimeout(() => request.destroy(new Error(timeoutError)), timeoutMs);
    request.on("error", reject);
    request.on("close", () => {
      clearTimeout(timer);
      reject(new Error("the connection was closed before the response"));
    });
    request.end(body);
  });
}

export class AppCaller {
  #webhooks = new Shares(MAX_WEBHOOKS);
  #calls = new Shares(MAX_CALLS);

  /**
   * Calls a webhook.
   *
   * @param {AppRequest} call
   */
  webhook(call) {
    return this.#webhooks.run(call.url, () => send(call));
  }

  /**
   * Sends another request.
   *
   * @param {AppRequest} call
   */
  call(call) {
    return this.#calls.run(call.url, () => send(call));
  }
}
