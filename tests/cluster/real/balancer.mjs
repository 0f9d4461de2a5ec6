/**
 * A balancer in front of the processes: round robin over those that pass its health checks, as most proxies
 * do it. It tries the next process where the connection to one fails.
 *
 * @import { Hook, Policy, Target } from "./policies.mjs"
 */
import { once } from "node:events";
import { createServer, request as send } from "node:http";

import { Upstream } from "./upstream.mjs";

/** Interval of the health checks, time for an answer, ms, and failures after which a process is out. */
const PROBE_MS = 500;
const PROBE_TIMEOUT_MS = 1000;
const FALL = 2;
/** Time for which an idle connection stays open, ms. */
const KEEP_MS = 60_000;

export class Balancer {
  /** @type {{ target: Target, failures: number }[]} */
  #backends = [];
  /** By URL. @type {Map<string, Upstream>} */
  #upstreams = new Map();
  #next = 0;
  #server = createServer({ keepAliveTimeout: KEEP_MS }, (request, response) => {
    void this.#serve(request, response);
  });
  /** Webhooks, and to whom they were sent. @type {{ user: string, type: string, to: string, at: number }[]} */
  passed = [];
  /** @type {Policy} */
  policy = {};

  /** Resolves to its URL once it listens. */
  async listen() {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    setInterval(() => this.#probeAll(), PROBE_MS);
    const { port } = /** @type {import("node:net").AddressInfo} */ (this.#server.address());
    return `http://127.0.0.1:${port}`;
  }

  get targets() {
    return this.#backends.map(({ target }) => target);
  }

  /** @param {Target} target */
  add(target) {
    this.#backends.push({ target, failures: 0 });
  }

  /** @param {Target} target */
  remove({ url }) {
    this.#backends = this.#backends.filter(({ target }) => target.url !== url);
  }

  #probeAll() {
    for (const backend of this.#backends) {
      const { url } = backend.target;
      const request = send(`${url}/health?ready`, { timeout: PROBE_TIMEOUT_MS, agent: false }, (response) => {
        response.resume();
        backend.failures = response.statusCode === 200 ? 0 : backend.failures + 1;
      });
      request.on("timeout", () => request.destroy(new Error("no answer")));
      request.on("error", () => (backend.failures += 1));
      request.end();
    }
  }

  /** Targets in the order in which they are tried. @returns {Target[]} */
  #order() {
    const healthy = this.#backends.filter(({ failures }) => failures < FALL);
    const usable = healthy.length > 0 ? healthy : this.#backends;
    this.#next = (this.#next + 1) % Math.max(usable.length, 1);
    return [...usable.slice(this.#next), ...usable.slice(0, this.#next)].map(({ target }) => target);
  }

  /** @param {import("node:http").IncomingMessage} request @param {import("node:http").ServerResponse} response */
  async #serve(request, response) {
    const { url = "", method = "POST", headers } = request;
    const body = await bodyOf(request);
    const hook = url.endsWith("/webhook") ? readHook(body) : undefined;
    const chosen = hook && this.policy.choose?.(hook);
    if (hook) this.policy.passing?.(hook);
    const upload = url.endsWith("/photo-upload") ? await this.policy.replace?.({ headers, body }) : undefined;
    const only = chosen ?? upload?.target;
    const passed = { path: url, method, headers: upload?.headers ?? headers, body: upload?.body ?? body };
    for (const target of only ? [only] : this.#order()) {
      if (hook) this.passed.push({ user: hook.user, type: hook.type, to: target.name, at: Date.now() });
      const answer = await this.#upstream(target)
        .send(passed)
        .catch((/** @type {Error} */ error) => {
          upload?.answered(error.message);
        });
      if (answer === undefined) continue;
      upload?.answered(answer.statusCode);
      response.writeHead(answer.statusCode, answer.headers).end(answer.body);
      return;
    }
    response.writeHead(502).end();
  }

  /** @param {Target} target */
  #upstream({ url }) {
    let upstream = this.#upstreams.get(url);
    if (upstream === undefined) this.#upstreams.set(url, (upstream = new Upstream(url)));
    return upstream;
  }
}

/** @param {import("node:http").IncomingMessage} request @returns {Promise<Buffer>} */
function bodyOf(request) {
  return new Promise((resolve, reject) => {
    /** @type {Buffer[]} */
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => resolve(Buffer.concat(chunks)));
    request.on("error", reject);
  });
}

/** @param {Buffer} body @returns {Hook} */
function readHook(body) {
  const text = body.toString();
  const { type, userId } = JSON.parse(text);
  return { type, user: userId, body: text };
}
