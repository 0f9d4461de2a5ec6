/**
 * A balancer in front of the processes: round robin over those that pass its health checks, as most proxies
 * do it. It tries the next process where the connection to one fails.
 *
 * @typedef {{ url: string, name: string }} Target
 * @typedef {{ type: string, user: string, body: string }} Hook
 * @typedef {{ headers: import("node:http").IncomingHttpHeaders, body: Buffer }} Upload
 */
import { once } from "node:events";
import { Agent, createServer, request as send } from "node:http";

/** Interval of the health checks, time for an answer, ms, and failures after which a process is out. */
const PROBE_MS = 500;
const PROBE_TIMEOUT_MS = 1000;
const FALL = 2;
/** Time for which an idle connection of the cloud stays open, ms. */
const KEEP_MS = 60_000;

export class Balancer {
  /** @type {{ target: Target, failures: number }[]} */
  #backends = [];
  #agent = new Agent({ keepAlive: true, maxSockets: Infinity });
  #next = 0;
  #timer;
  #server = createServer({ keepAliveTimeout: KEEP_MS }, (request, response) => {
    void this.#serve(request, response);
  });
  /** Webhooks, and to whom they were sent. @type {{ user: string, type: string, to: string, at: number }[]} */
  passed = [];
  /**
   * Chooses a target for a webhook, instead of the next one.
   *
   * @type {((hook: Hook) => Target | undefined) | undefined}
   */
  choose;
  /** Called with each webhook, before it is passed on. @type {((hook: Hook) => void) | undefined} */
  passing;
  /**
   * Chooses a target for a picture, and changes it.
   *
   * @type {((upload: Upload) => Promise<Upload & { target: Target }>) | undefined}
   */
  replace;

  constructor() {
    this.#timer = setInterval(() => this.#probeAll(), PROBE_MS);
  }

  /** Resolves when it listens. */
  static async start() {
    const balancer = new Balancer();
    balancer.#server.listen(0, "127.0.0.1");
    await once(balancer.#server, "listening");
    return balancer;
  }

  get url() {
    const { port } = /** @type {import("node:net").AddressInfo} */ (this.#server.address());
    return `http://127.0.0.1:${port}`;
  }

  /** @param {Target} target */
  add(target) {
    this.#backends.push({ target, failures: 0 });
  }

  /** @param {Target} target */
  remove(target) {
    this.#backends = this.#backends.filter((backend) => backend.target !== target);
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
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const hook = request.url?.endsWith("/webhook") ? readHook(body) : undefined;
    const chosen = hook && this.choose?.(hook);
    if (hook) this.passing?.(hook);
    const { url = "", method = "POST", headers } = request;
    const upload = url.endsWith("/photo-upload") ? await this.replace?.({ headers, body }) : undefined;
    const only = chosen ?? upload?.target;
    const passed = { path: url, method, headers, body, ...upload };
    for (const target of only ? [only] : this.#order()) {
      if (hook) this.passed.push({ user: hook.user, type: hook.type, to: target.name, at: Date.now() });
      const answer = await this.#pass(target, passed).catch(() => undefined);
      if (answer === undefined) continue;
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
      return;
    }
    response.writeHead(502).end();
  }

  /**
   * @param {Target} target @param {Upload & { path: string, method: string }} request
   * @returns {Promise<import("node:http").IncomingMessage>}
   */
  #pass({ url }, { path, method, headers, body }) {
    return new Promise((resolve, reject) => {
      const passed = send(url + path, { method, headers, agent: this.#agent }, resolve);
      passed.on("error", reject);
      passed.end(body);
    });
  }

  stop() {
    clearInterval(this.#timer);
    this.#agent.destroy();
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

/** @param {Buffer} body @returns {Hook} */
function readHook(body) {
  const text = body.toString();
  const { type, userId } = JSON.parse(text);
  return { type, user: userId, body: text };
}
