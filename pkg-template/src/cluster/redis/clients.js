/**
 * The calls of node-redis 5 and 6 and of ioredis 5 and 6 that the store needs, for one server, Sentinel and
 * Cluster. Each connection is a duplicate of the app's client, whose own connection is left alone.
 *
 * @typedef {object} Line a connection that reconnects by itself
 * @property {() => Promise<unknown>} connect
 * @property {(script: string, keys: string[], values: string[]) => Promise<any>} evaluate
 * @property {(key: string, names: string[]) => Promise<any>} fields of a hash
 * @property {(channel: string, message: string) => Promise<unknown>} publish
 * @property {(channels: string[], listener: (message: string) => void, changed: () => void) => Promise<unknown>} subscribe
 *   `changed` is called when the connection with the subscription has failed, and when it is back
 * @property {(key: string, bytes: Buffer, ttl: number) => Promise<unknown>} set
 * @property {(key: string) => Promise<Buffer | null>} take
 * @property {(name: string) => Promise<unknown>} config
 * @property {() => void} destroy
 *
 * @typedef {object} Library
 * @property {boolean} isCluster
 * @property {string} keyPrefix that of the app's client, which its own commands add to their keys
 * @property {(onError: (error: Error) => void) => Line} duplicate
 * @property {(onError: (error: Error) => void) => () => void} watch listens to the errors of the app's
 * client, which would end the process without a listener; returns how to stop
 */
import { refuse } from "../../session/validate.js";

/** First byte of a bulk string, which node-redis names its type by. */
const BULK_STRING = 36;
/** Interval between two looks at the sockets of a client that is to be destroyed, ms. */
const SETTLING = 20;
/** Number of looks after which it is destroyed although a socket still opens. */
const LOOKS = 50;
/** Methods that the store uses of both libraries. */
const USED = ["on", "eval", "publish", "subscribe"];

/**
 * Events that show that a subscription was interrupted, or is there again. Those of ioredis for Redis Cluster do
 * not tell of the connection with the subscription alone.
 */
const NODE_EVENTS = ["error", "ready", "topology-change", "node-error", "node-ready"];
const IOREDIS_EVENTS = ["close", "-node", "+node", "node error"];

/**
 * @param {any} client a client, or a function that makes one
 * @returns {Library}
 * @throws {TypeError} for an object that is no such client
 */
export function libraryOf(client) {
  if (typeof client === "function") return madeBy(client);
  check(client, ["duplicate", ...USED], client);
  return typeof client.defineCommand === "function" ? ioredis(client) : nodeRedis(client);
}

/**
 * @param {any} client
 * @param {readonly string[]} names of methods that it must have
 * @param {unknown} given for the error
 */
function check(client, names, given) {
  const missing = names.find((name) => typeof client?.[name] !== "function");
  if (missing === undefined) return;
  // That of node-redis 5 for Sentinel.
  if (missing === "duplicate" && typeof client?.acquire === "function") {
    throw new TypeError(
      "client: this one has no duplicate(); pass a function that makes one, such as () => createSentinel(options)",
    );
  }
  const allowed = "a client of redis or ioredis, or a function that makes one of redis";
  // A URL may have a password.
  if (typeof given === "string") throw new TypeError(`client: must be ${allowed}, not a string`);
  refuse("client", allowed, given);
}

/**
 * @param {() => any} make
 * @returns {Library}
 */
function madeBy(make) {
  let next = make();
  check(next, USED, make);
  if (typeof next.defineCommand === "function") refuse("client", "the client of ioredis itself", make);
  return {
    isCluster: isNodeCluster(next),
    keyPrefix: "",
    duplicate(onError) {
      const line = next ?? make();
      next = undefined;
      return nodeLine(line, onError);
    },
    watch: () => () => {},
  };
}

/**
 * @param {any} client
 * @returns {Library}
 */
function nodeRedis(client) {
  // Where the app's client turns replies into other types, or reads from replicas, this one does not.
  const overrides = {
    // No timeout, which redis 6 has by default: it costs five times as much as the rest of a command.
    commandOptions: { timeout: undefined },
    disableOfflineQueue: true,
    clientSideCache: undefined,
    useReplicas: false,
    keyPrefix: undefined,
    readonly: false,
  };
  return {
    isCluster: isNodeCluster(client),
    keyPrefix: `${client.options?.keyPrefix ?? client._keyPrefix ?? ""}`,
    duplicate: (onError) => nodeLine(client.duplicate(overrides), onError),
    watch: (onError) => watch(client, onError),
  };
}

/** @param {any} client */
function isNodeCluster(client) {
  return client.slots !== undefined;
}

/**
 * @param {any} line
 * @param {(error: Error) => void} onError
 * @returns {Line}
 */
function nodeLine(line, onError) {
  line.on("error", onError);
  const { Buffer } = globalThis;
  const end = ending(line);
  return {
    connect: () => end.putOff(() => line.connect()),
    evaluate: (script, keys, values) => line.eval(script, { keys, arguments: values }),
    fields: (key, names) => ask(line, key, ["HMGET", key, ...names]),
    publish: (channel, message) => line.publish(channel, message),
    async subscribe(channels, listener, changed) {
      const receive = (/** @type {string} */ text) => end.isWanted || listener(text);
      // The client of Sentinel opens a connection for it.
      await end.putOff(() => line.subscribe(channels, receive));
      for (const event of NODE_EVENTS) line.on(event, changed);
    },
    set: (key, bytes, ttl) => line.set(key, bytes, { PX: ttl }),
    take: (key) => line.withTypeMapping({ [BULK_STRING]: Buffer }).getDel(key),
    config: (name) => ask(line, undefined, ["CONFIG", "GET", name]),
    destroy: () => end.request(),
  };
}

/**
 * The end of a client of node-redis. One that is destroyed while a socket opens stays connected (node-redis 5.12,
 * 6.3), so that the end waits until all are open, for a second at most.
 *
 * @param {any} line
 */
function ending(line) {
  /** Connections that are being opened. */
  let pending = 0;
  const end = {
    isWanted: false,
    request() {
      end.isWanted = true;
      // Counted, as the process may stand still while they open.
      let left = LOOKS;
      const attempt = () => {
        left -= 1;
        if ((pending > 0 || !isSettled(line)) && left > 0) return;
        clearInterval(timer);
        quietly(() => line.destroy());
      };
      /** @type {any} */
      const timer = setInterval(attempt, SETTLING);
      timer.unref?.();
      attempt();
    },
    /** Puts the end off while a connection is being opened. @param {() => Promise<unknown>} open */
    async putOff(open) {
      if (end.isWanted) throw new Error("redis: the connection is closed");
      pending += 1;
      try {
        return await open();
      } finally {
        pending -= 1;
      }
    },
  };
  return end;
}

/** True for a client whose sockets are all open, and for one that has given up. @param {any} line */
function isSettled(line) {
  if (!line.isOpen) return true;
  if (!isNodeCluster(line)) return line.isReady;
  const nodes = [...line.nodeByAddress.values(), line.pubSubNode];
  return nodes.every((node) => node?.client?.isReady ?? true);
}

/**
 * Sends a command to the node with a key, or to any node. A command with a key is not sent to replicas, which may
 * be late.
 *
 * @param {any} line
 * @param {string | undefined} key
 * @param {string[]} command
 * @returns {Promise<unknown>}
 */
function ask(line, key, command) {
  const isAnywhere = key === undefined;
  if (isNodeCluster(line)) return line.sendCommand(key, isAnywhere, command);
  return line.acquire === undefined ? line.sendCommand(command) : line.sendCommand(isAnywhere, command);
}

/**
 * @param {any} client
 * @param {(error: Error) => void} onError
 */
function watch(client, onError) {
  client.on("error", onError);
  return () => void client.off("error", onError);
}

/**
 * @param {any} client
 * @returns {Library}
 */
function ioredis(client) {
  const { isCluster, options } = client;
  const own = {
    lazyConnect: true,
    enableOfflineQueue: false,
    enableReadyCheck: false,
    enableAutoPipelining: false,
    autoResendUnfulfilledCommands: false,
    // Without it, ioredis 5 takes a connection that was closed before the answer for ready, and never opens another.
    disableClientInfo: true,
    stringNumbers: false,
    autoResubscribe: false,
    maxRetriesPerRequest: 0,
    keyPrefix: "",
  };
  const redisOptions = { ...options.redisOptions, ...own };
  const overrides = { ...own, scaleReads: "master", redisOptions };
  return {
    isCluster,
    keyPrefix: `${options.keyPrefix ?? options.redisOptions?.keyPrefix ?? ""}`,
    duplicate(onError) {
      const line = isCluster ? client.duplicate([], overrides) : client.duplicate(own);
      line.on("error", onError);
      return {
        connect: async () => line.connect(),
        evaluate: (script, keys, values) => line.eval(script, keys.length, ...keys, ...values),
        fields: (key, names) => line.hmget(key, ...names),
        publish: (channel, message) => line.publish(channel, message),
        async subscribe(channels, listener, changed) {
          line.on("message", (/** @type {string} */ _channel, /** @type {string} */ text) => listener(text));
          await line.subscribe(...channels);
          for (const event of IOREDIS_EVENTS) line.on(event, changed);
          // The connection may fail again: that of `autoResubscribe` would end the process then.
          line.on("ready", () => line.subscribe(...channels).then(changed, changed));
        },
        set: (key, bytes, ttl) => line.set(key, bytes, "PX", ttl),
        take: (key) => line.getdelBuffer(key),
        config: (name) => line.config("GET", name),
        destroy: () => quietly(() => line.disconnect()),
      };
    },
    watch: (onError) => watch(client, onError),
  };
}

/** Both libraries may throw or reject where there is no connection. @param {() => unknown} destroy */
function quietly(destroy) {
  Promise.resolve()
    .then(destroy)
    .catch(() => {});
}
