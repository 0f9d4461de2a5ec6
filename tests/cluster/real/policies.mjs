/**
 * What a balancer does with certain requests, besides passing them on. Each policy is created in the process of
 * the balancer, with the targets that it has at any time.
 *
 * @typedef {{ url: string, name: string }} Target
 * @typedef {{ type: string, user: string, body: string }} Hook
 * @typedef {{ headers: import("node:http").IncomingHttpHeaders, body: Buffer }} Upload
 *
 * @typedef {object} Policy
 * @property {(hook: Hook) => Target | undefined} [choose] a target for a webhook, instead of the next one
 * @property {(hook: Hook) => void} [passing] called with each webhook, before it is passed on
 * @property {(upload: Upload) => Promise<Upload & { target: Target, answered: (status: number | string) => void }>} [replace]
 *   chooses a target for a picture, and changes it
 * @property {() => unknown} [result] what the test asks for in the end
 *
 * @typedef {(targets: () => readonly Target[]) => Policy} CreatePolicy
 */
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

/** Delay of a stop that comes twice, ms. */
export const LATE_MS = 1000;
/** The largest picture that is taken, without what surrounds it. */
const PICTURE_BYTES = 10_000_000;

/** Webhooks of a user that follow each other reach different processes. @type {CreatePolicy} */
function scattered(targets) {
  /** Process that gets the next webhook of a user. @type {Map<string, number>} */
  const turns = new Map();
  return {
    choose({ user }) {
      const all = targets();
      const turn = turns.get(user) ?? Math.floor(Math.random() * all.length);
      turns.set(user, turn + 1 + Math.floor(Math.random() * (all.length - 1)));
      return all[turn % all.length];
    },
  };
}

/** Each stop reaches two processes more: one at once, one a second later. The result is the number of copies. @type {CreatePolicy} */
function stopsRepeated(targets) {
  /** @type {Promise<unknown>[]} */
  const copies = [];
  return {
    passing({ type, body }) {
      if (type !== "stop_request") return;
      for (const [i, ms] of [0, LATE_MS].entries()) {
        copies.push(sleep(ms).then(() => post(`${targets()[i]?.url}/webhook`, body)));
      }
    },
    result: async () => (await Promise.all(copies)).length,
  };
}

/** @param {string} url @param {string} body JSON */
function post(url, body) {
  return fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
}

/**
 * Each picture of the cloud is replaced by a large one and sent to a process that does not wait for it. The
 * result has the digest and the status of the response, or the error, for each request.
 *
 * @type {CreatePolicy}
 */
function picturesMisrouted(targets) {
  /** @type {Record<string, { digest: string, status: number | string }>} */
  const sent = {};
  /** @type {Promise<void>[]} */
  const answers = [];
  return {
    async replace({ headers, body }) {
      const type = headers["content-type"] ?? "";
      const form = await new Response(body, { headers: { "content-type": type } }).formData();
      const requestId = `${form.get("requestId")}`;
      const all = targets();
      const owner = all.findIndex(({ name }) => requestId.startsWith(`${name}.`));
      const target = all[(owner + 1) % all.length];
      if (owner === -1 || target === undefined) throw new Error(`no process has the request ${requestId}`);
      const picture = Buffer.alloc(PICTURE_BYTES, requestId);
      form.set("photo", new File([picture], "photo.jpg", { type: "image/jpeg" }));
      const request = new Response(form);
      const digest = createHash("sha256").update(picture).digest("hex");
      const given = { "content-type": `${request.headers.get("content-type")}` };
      /** @type {(status: number | string) => void} */
      let answered = () => {};
      const answer = new Promise((resolve) => (answered = (status) => resolve({ digest, status })));
      answers.push(answer.then((given) => void (sent[requestId] = given)));
      return { target, headers: given, body: Buffer.from(await request.arrayBuffer()), answered };
    },
    // A picture arrives before the response to its request.
    result: async () => {
      await Promise.all(answers);
      return sent;
    },
  };
}

/** @type {Record<string, CreatePolicy>} */
export const POLICIES = { scattered, stopsRepeated, picturesMisrouted };
