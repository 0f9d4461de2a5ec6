/**
 * Store for the workers of `node:cluster`, which the primary keeps in memory: several processes on one machine
 * without a database. Calls and messages go through the channels between them.
 *
 * @import { Cluster, ClusterOpening, ClusterOptions, ClusterStore, NodeClusterModule } from "../../types/cluster.js"
 *
 * @typedef {object} Channel that of a worker to the primary
 * @property {(message: unknown, done: (error: Error | null) => void) => unknown} send
 * @property {(event: "message", listener: (message: any) => void) => unknown} on
 *
 * @typedef {{ send: (message: unknown, done: () => void) => unknown, isConnected: () => boolean }} Worker
 */
import { refuse } from "../session/validate.js";
import { createCluster } from "./index.js";
import { Records } from "./records.js";

/** Field that tells these messages from those of the app. Its value is the version of the messages. */
const MARK = "tpa-session.cluster";
const VERSION = 1;
/** Time after which a call is given up, ms. It may still be carried out. */
const CALL = 1000;
/** Most calls that wait for an answer. */
const MAX_CALLS = 10_000;
/** Steps of the records, as the names of calls. */
const STEPS = /** @type {const} */ (["beat", "read", "owned", "put", "check"]);

/** @param {unknown} message @returns {any} `undefined` for one of the app */
function readMessage(message) {
  const isOurs = typeof message === "object" && /** @type {any} */ (message)?.[MARK] === VERSION;
  return isOurs ? message : undefined;
}

/**
 * @param {NodeClusterModule} cluster the module `node:cluster`
 * @returns {() => void}
 */
export function serveWorkers(cluster) {
  if (typeof cluster?.on !== "function" || cluster.isPrimary !== true) {
    refuse("cluster", "the module node:cluster, in the primary", cluster);
  }
  /** @type {Map<string, Shared>} */
  const shared = new Map();
  /** @param {any} worker @param {unknown} given */
  function receive(worker, given) {
    const call = readMessage(given);
    if (call === undefined) return;
    const { scope, id, name, args } = call;
    const one = shared.get(scope) ?? new Shared();
    shared.set(scope, one);
    let answer;
    try {
      answer = { value: one.call(worker, name, args) };
    } catch (error) {
      answer = { error: `${/** @type {Error} */ (error).message}` };
    }
    post(worker, { id, ...answer });
  }
  /** @param {any} worker */
  function lost(worker) {
    for (const one of shared.values()) one.forget(worker);
  }
  cluster.on("message", receive);
  cluster.on("disconnect", lost);
  cluster.on("exit", lost);
  return () => {
    cluster.off("message", receive);
    cluster.off("disconnect", lost);
    cluster.off("exit", lost);
  };
}

/** Sends a message to a worker, which may have gone. @param {Worker} worker @param {object} message */
function post(worker, message) {
  if (worker.isConnected()) worker.send({ [MARK]: VERSION, ...message }, () => {});
}

/** Records and listeners of the servers of one package. */
class Shared {
  #records = new Records();
  /** Workers by instance. @type {Map<string, Worker>} */
  #listeners = new Map();

  /**
   * @param {Worker} worker
   * @param {string} name
   * @param {any[]} args
   */
  call(worker, name, args) {
    const [first, second, third] = args;
    if (STEPS.some((step) => step === name)) {
      return /** @type {any} */ (this.#records)[name](Date.now(), ...args);
    }
    switch (name) {
      case "publish":
        return this.#publish(first, second);
      case "subscribe":
        return void this.#listeners.set(first, worker);
      case "close":
        return void this.#listeners.delete(first);
      case "putBlob":
        return this.#records.putBlob(Date.now(), first, second, third);
      case "takeBlob":
        return this.#records.takeBlob(Date.now(), first);
    }
    throw new Error(`the primary does not know the call ${name}; it has another version of tpa-session`);
  }

  /** @param {Worker} worker */
  forget(worker) {
    for (const [instance, each] of this.#listeners) if (each === worker) this.#listeners.delete(instance);
  }

  /** @param {string} to @param {string} text */
  #publish(to, text) {
    const receivers = [...this.#listeners].filter(([instance]) => to === "*" || to === instance);
    for (const [instance, worker] of receivers) post(worker, { to: instance, text });
    return receivers.length;
  }
}

/**
 * @param {ClusterOptions} [options]
 * @returns {Cluster}
 */
export function nodeCluster(options = {}) {
  const { process } = globalThis;
  if (typeof process?.send !== "function") {
    throw new TypeError(
      "nodeCluster: must be called in a worker that cluster.fork() has started; call serveWorkers(cluster) in the primary",
    );
  }
  return createCluster({ ...options, open: (opening) => openStore(/** @type {any} */ (process), opening) });
}

/** Calls of this process, and the listeners of its servers. @type {WeakMap<Channel, Line>} */
const lines = new WeakMap();

/**
 * Opens a store behind a channel.
 *
 * @param {Channel} channel
 * @param {Pick<ClusterOpening, "packageName" | "instance" | "warn">} opening
 * @returns {ClusterStore}
 */
export function openStore(channel, { packageName: scope, instance, warn }) {
  const line = lines.get(channel) ?? new Line(channel);
  lines.set(channel, line);
  let hasWarned = false;
  /** @param {string} name @param {unknown[]} args @returns {Promise<any>} */
  async function call(name, ...args) {
    try {
      return await line.call(scope, name, args);
    } catch (error) {
      const { message } = /** @type {Error} */ (error);
      if (!hasWarned) warn(`node:cluster: ${message}; the primary must call serveWorkers(cluster)`);
      hasWarned = true;
      throw error;
    }
  }
  return {
    async beat(...args) {
      // JSON has no fields that are undefined.
      const { now, previous, members } = await call("beat", ...args);
      return { now, previous, members };
    },
    read: (sessionId) => call("read", sessionId),
    owned: (of) => call("owned", of),
    async put(put) {
      const { done, record } = await call("put", put);
      return { done, record };
    },
    check: (...args) => call("check", ...args),
    publish: (...args) => call("publish", ...args),
    async subscribe(to, listener) {
      line.listen(to, listener);
      await call("subscribe", to);
    },
    putBlob: (id, bytes, ttl) => call("putBlob", id, globalThis.Buffer.from(bytes).toString("base64"), ttl),
    async takeBlob(id) {
      const text = await call("takeBlob", id);
      return text === undefined ? undefined : globalThis.Buffer.from(text, "base64");
    },
    async close() {
      line.silence(instance);
      await line.call(scope, "close", [instance]).catch(() => {});
    },
  };
}

/** Channel to the primary, with the calls that wait for its answers. */
class Line {
  #channel;
  #next = 1;
  /** @type {Map<number, { resolve: (value: any) => void, reject: (error: Error) => void }>} */
  #calls = new Map();
  /** @type {Map<string, (text: string) => void>} */
  #listeners = new Map();

  /** @param {Channel} channel */
  constructor(channel) {
    this.#channel = channel;
    channel.on("message", (given) => this.#receive(readMessage(given)));
  }

  /** @param {string} scope @param {string} name @param {unknown[]} args @returns {Promise<any>} */
  call(scope, name, args) {
    if (this.#calls.size >= MAX_CALLS)
      return Promise.reject(new Error(`${MAX_CALLS} calls wait for an answer`));
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => settle(reject)(new Error(`no answer within ${CALL} ms`)), CALL);
      /** @param {(value: any) => void} how @returns {(value: any) => void} */
      const settle = (how) => (value) => {
        this.#calls.delete(id);
        clearTimeout(timer);
        how(value);
      };
      this.#calls.set(id, { resolve: settle(resolve), reject: settle(reject) });
      const failed = (/** @type {Error | null} */ error) => error && settle(reject)(error);
      try {
        this.#channel.send({ [MARK]: VERSION, scope, id, name, args }, failed);
      } catch (error) {
        settle(reject)(error);
      }
    });
  }

  /** @param {string} instance @param {(text: string) => void} listener */
  listen(instance, listener) {
    this.#listeners.set(instance, listener);
  }

  /** @param {string} instance */
  silence(instance) {
    this.#listeners.delete(instance);
  }

  /** @param {any} message */
  #receive(message) {
    if (message === undefined) return;
    const { id, to, text, value, error } = message;
    if (to !== undefined) return this.#listeners.get(to)?.(text);
    const call = this.#calls.get(id);
    if (error === undefined) call?.resolve(value ?? undefined);
    else call?.reject(new Error(error));
  }
}
