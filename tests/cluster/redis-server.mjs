/** Redis servers on free ports of this machine, as child processes with a folder of their own. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createClient } from "redis-6";

import { until } from "../support/until.mjs";

const PROGRAM = process.env.REDIS_SERVER ?? "redis-server";
/** Slots of Redis Cluster. */
const SLOTS = 16_384;
/** Port of the cluster bus, above that of the commands. */
const BUS = 10_000;

/** True if the server is built with TLS. */
export function hasTls() {
  // It ends, and names the first option that it does not know.
  const options = ["--port", "0", "--tls-protocols", "TLSv1.3", "--no-such-option", "x"];
  const { stdout, stderr } = spawnSync(PROGRAM, options, { encoding: "utf8" });
  return !/'tls-protocols/.test(`${stdout}${stderr}`);
}

/** Resolves to ports that are free at this moment. @param {number} count */
export async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map(
    (server) => /** @type {import("node:net").AddressInfo} */ (server.address()).port,
  );
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return ports;
}

async function freePort() {
  return (await freePorts(1))[0] ?? 0;
}

/** Resolves to a port whose port of the cluster bus is free as well, which Redis 6.2 does not let choose. */
async function freeClusterPort() {
  for (;;) {
    const [port = 0] = await freePorts(1);
    if (port + BUS > 65_535) continue;
    const bus = createServer().listen(port + BUS, "127.0.0.1");
    const isFree = await Promise.race([
      once(bus, "listening").then(() => true),
      once(bus, "error").then(() => false),
    ]).catch(() => false);
    bus.close();
    if (isFree) return port;
  }
}

/** A process, which may be stopped and started again on the same port. */
export class RedisServer {
  /** @type {import("node:child_process").ChildProcess | undefined} */
  #process;
  #folder = "";
  #onExit = () => void this.#process?.kill("SIGKILL");

  /**
   * @param {number} port
   * @param {readonly string[]} options of `redis-server`
   * @param {string | undefined} configuration text of its file
   * @param {Record<string, string>} [env] further variables
   */
  constructor(port, options, configuration, env) {
    this.port = port;
    this.env = env;
    this.configuration = configuration;
    this.url = `redis://127.0.0.1:${port}`;
    this.options = options;
  }

  /** Resolves when it answers. @param {string[]} options of `redis-server` */
  static start(...options) {
    return RedisServer.#startOnFreePort(options);
  }

  /** The same with further variables. @param {Record<string, string>} env @param {string[]} options of `redis-server` */
  static startWith(env, ...options) {
    return RedisServer.#startOnFreePort(options, undefined, undefined, env);
  }

  /** A Sentinel. @param {string} configuration */
  static startSentinel(configuration) {
    return RedisServer.#startOnFreePort(["--sentinel"], configuration);
  }

  /** A node of Redis Cluster. @param {string[]} options of `redis-server` */
  static startNode(...options) {
    return RedisServer.#startOnFreePort(options, undefined, freeClusterPort);
  }

  /** @param {string[]} options @param {string} [configuration] @param {() => Promise<number>} [choose] @param {Record<string, string>} [env] */
  static async #startOnFreePort(options, configuration, choose = freePort, env) {
    // Another process may take the port between its choice and its use.
    for (let attempt = 1; ; attempt += 1) {
      const port = await choose();
      const server = new RedisServer(port, options, configuration, env);
      try {
        return await server.start();
      } catch (error) {
        if (attempt === 5) throw error;
      }
    }
  }

  /** Starts the process, empty unless it has the folder of the one before. */
  async start() {
    this.#folder ||= await mkdtemp(join(tmpdir(), "tpa-redis-"));
    const file = join(this.#folder, "redis.conf");
    await writeFile(file, `${this.configuration ?? 'save ""'}\nport ${this.port}\nbind 127.0.0.1\n`);
    const child = spawn(PROGRAM, [file, "--dir", this.#folder, ...this.options], {
      env: { ...process.env, ...this.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#process = child;
    // Tests that are ended early leave nothing behind.
    process.once("exit", this.#onExit);
    let log = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (chunk) => (log = (log + chunk).slice(-2000)));
    }
    let failure = "";
    child.once("error", (error) => (failure = error.message));
    child.once("exit", () => (failure ||= `it ended\n${log}`));
    await until(`redis-server on port ${this.port}`, async () => {
      if (failure !== "") throw new Error(`redis-server: ${failure}`);
      return this.ask("PING").catch(() => undefined);
    });
    return this;
  }

  /** Sends one command on a connection of its own. @param {string[]} command */
  async ask(...command) {
    const client = createClient({ url: this.url, RESP: 2, socket: { reconnectStrategy: false } });
    client.on("error", () => {});
    await client.connect();
    try {
      return await client.sendCommand(command);
    } finally {
      client.destroy();
    }
  }

  /** Ends the connections with subscriptions, and closes new ones at once until they are let in. */
  async keepOut() {
    const client = createClient({ url: this.url, RESP: 2 });
    client.on("error", () => {});
    await client.connect();
    await client.sendCommand(["CONFIG", "SET", "maxclients", "1"]);
    await client.sendCommand(["CLIENT", "KILL", "TYPE", "pubsub"]);
    return {
      /** Number of connections that were closed. */
      async refused() {
        const stats = `${await client.sendCommand(["INFO", "stats"])}`;
        return Number(/^rejected_connections:(\d+)/m.exec(stats)?.[1]);
      },
      async letIn() {
        if (!client.isOpen) return;
        await client.sendCommand(["CONFIG", "SET", "maxclients", "10000"]);
        client.destroy();
      },
    };
  }

  /** Stops it from doing anything, as a machine that hangs. */
  freeze() {
    this.#process?.kill("SIGSTOP");
  }

  thaw() {
    this.#process?.kill("SIGCONT");
  }

  /** Ends the process; its data are lost. */
  async kill() {
    const child = this.#process;
    this.#process = undefined;
    process.off("exit", this.#onExit);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, "exit");
    child.kill("SIGKILL");
    await exit;
  }

  async [Symbol.asyncDispose]() {
    await this.stop();
  }

  /** Ends the process and removes its folder. */
  async stop() {
    await this.kill();
    if (this.#folder !== "") await rm(this.#folder, { recursive: true, force: true });
    this.#folder = "";
  }
}

/** Three masters of Redis Cluster. */
export class RedisCluster {
  /** @param {RedisServer[]} servers */
  constructor(servers) {
    this.servers = servers;
    this.ports = servers.map(({ port }) => port);
  }

  static async start() {
    const options = ["--cluster-enabled", "yes", "--cluster-node-timeout", "2000"];
    const starting = Array.from({ length: 3 }, () => RedisServer.startNode(...options));
    const servers = await Promise.all(starting);
    const cluster = new RedisCluster(servers);
    for (const [i, server] of servers.entries()) {
      const [from, to] = [i, i + 1].map((n) => Math.floor((n * SLOTS) / servers.length));
      const slots = Array.from({ length: Number(to) - Number(from) }, (_, n) => `${Number(from) + n}`);
      await server.ask("CLUSTER", "ADDSLOTS", ...slots);
      await server.ask("CLUSTER", "SET-CONFIG-EPOCH", `${i + 1}`);
    }
    const [first] = servers;
    for (const server of servers.slice(1)) {
      await first?.ask("CLUSTER", "MEET", "127.0.0.1", `${server.port}`);
    }
    await until("a Redis Cluster", async () => {
      const infos = await Promise.all(servers.map((server) => server.ask("CLUSTER", "INFO")));
      return infos.every(
        (info) => /cluster_state:ok/.test(`${info}`) && /cluster_known_nodes:3/.test(`${info}`),
      );
    });
    return cluster;
  }

  async stop() {
    await Promise.all(this.servers.map((server) => server.stop()));
  }
}

/** A master, a replica, and a Sentinel that watches them under the name `tpa`. */
export class RedisSentinel {
  /** @param {{ master: RedisServer, replica: RedisServer, sentinel: RedisServer }} servers */
  constructor({ master, replica, sentinel }) {
    this.master = master;
    this.replica = replica;
    this.sentinel = sentinel;
  }

  static async start() {
    const master = await RedisServer.start();
    const replica = await RedisServer.start(
      ...["--replicaof", "127.0.0.1", `${master.port}`, "--repl-diskless-sync-delay", "0"],
    );
    await until("a replica", async () => /master_link_status:up/.test(`${await replica.ask("INFO")}`));
    const sentinel = await RedisServer.startSentinel(
      [
        `sentinel monitor tpa 127.0.0.1 ${master.port} 1`,
        "sentinel down-after-milliseconds tpa 1000",
        "sentinel failover-timeout tpa 3000",
      ].join("\n"),
    );
    await until("a Sentinel that knows the replica", async () =>
      JSON.stringify(await sentinel.ask("SENTINEL", "REPLICAS", "tpa")).includes(`${replica.port}`),
    );
    return new RedisSentinel({ master, replica, sentinel });
  }

  async stop() {
    await Promise.all([this.sentinel, this.replica, this.master].map((server) => server.stop()));
  }
}
