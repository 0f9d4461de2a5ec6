/**
 * A line between a client and a cloud, and what can happen to it. Packets are dropped where they
 * arrive, so that the sender's kernel does not know.
 */
import { once } from "node:events";
import { createInterface } from "node:readline";

import { PACKAGE, ROOT } from "../support/paths.mjs";
import { SLOW_EVENT_MS } from "../support/timeouts.mjs";
import { until } from "../support/until.mjs";
import { Namespace } from "./namespace.mjs";

const CLOUD_PROGRAM = process.env.TPA_CLOUD_BIN ?? `${ROOT}/target/debug/tpa-cloud`;
/** Addresses for documentation, which are routed nowhere. */
const CLOUD = "192.0.2.1";
const CLIENT = "192.0.2.2";
const NEXT_CLIENT = "192.0.2.3";
const PORT = 8002;
/** Characters of the cloud's log that an error shows. */
const LOG_TAIL = 4000;

/** Two namespaces with a cloud in one of them. */
export class Line {
  /** @param {Namespace} cloud @param {Namespace} client */
  constructor(cloud, client) {
    this.cloud = cloud;
    this.client = client;
    this.url = `http://${CLOUD}:${PORT}`;
  }

  static async create() {
    const line = new Line(await Namespace.create(), await Namespace.create());
    try {
      await line.cloud.connect(line.client);
      await line.cloud.run("ip", "address", "add", `${CLOUD}/24`, "dev", "eth0");
      await line.client.run("ip", "address", "add", `${CLIENT}/24`, "dev", "eth0");
      await line.cloud.run("ip", "link", "set", "eth0", "up");
      await line.client.run("ip", "link", "set", "eth0", "up");
      // A runtime lists an address only once the kernel has found the carrier.
      const isUp = async () =>
        (await line.client.run("ip", "-brief", "link", "show", "eth0")).includes(" UP ");
      await until("the link is up", isUp, { timeout: SLOW_EVENT_MS });
      await line.startCloud();
    } catch (error) {
      await line.remove();
      throw error;
    }
    return line;
  }

  /** Resolves when the cloud listens. */
  async startCloud() {
    const child = this.cloud.spawn(CLOUD_PROGRAM, [
      ...["--listen", `${CLOUD}:${PORT}`],
      ...["--serve", `/=${ROOT}/tests/network/clients`, "--serve", `/pkg=${PACKAGE}`],
    ]);
    let log = "";
    child.stderr.on("data", (chunk) => (log = (log + chunk).slice(-LOG_TAIL)));
    const listening = once(createInterface(child.stdout), "line");
    const ended = once(child, "exit").then(() =>
      Promise.reject(new Error(`tpa-cloud ended before it listened\n${log}`)),
    );
    await Promise.race([listening, ended]);
    ended.catch(() => {});
    child.stdout.resume();
  }

  /** Source ports of the connections that are open now. */
  async ports() {
    const sockets = await this.client.run("ss", "-Htn", "state", "established", "dst", CLOUD);
    return [...sockets.matchAll(/:(\d+)\s+\S+:\d+\s*$/gm)].map(([, port]) => port);
  }

  /** @param {Namespace} receiver @param {...string} which */
  drop(receiver, ...which) {
    return receiver.run("iptables", "--wait", "-A", "INPUT", "-i", "eth0", ...which, "-j", "DROP");
  }

  async restore() {
    for (const side of [this.cloud, this.client]) await side.run("iptables", "--wait", "-F", "INPUT");
  }

  async remove() {
    await Promise.all([this.client.remove(), this.cloud.remove()]);
  }
}

/**
 * @typedef {object} Fault
 * @property {(line: Line) => Promise<unknown>} begin
 * @property {(line: Line) => Promise<unknown>} [end] absent where new connections work all the time
 */

/** A NAT forgets the open connections: their packets vanish, new connections work. @type {Fault} */
export const forgottenFlow = {
  async begin(line) {
    for (const port of await line.ports()) {
      await line.drop(line.cloud, "-p", "tcp", "--sport", port);
      await line.drop(line.client, "-p", "tcp", "--dport", port);
    }
  },
};

/** @type {Fault} */
export const deadUplink = {
  begin: (line) => line.drop(line.cloud),
  end: (line) => line.restore(),
};

/** @type {Fault} */
export const deadDownlink = {
  begin: (line) => line.drop(line.client),
  end: (line) => line.restore(),
};

/** All packets vanish. @type {Fault} */
export const blackhole = {
  begin: (line) => Promise.all([line.drop(line.cloud), line.drop(line.client)]),
  end: (line) => line.restore(),
};

/** The machine has another address from now on, as after Wi-Fi has given way to LTE. @type {Fault} */
export const changedAddress = {
  async begin({ client }) {
    await client.run("ip", "address", "add", `${NEXT_CLIENT}/24`, "dev", "eth0");
    await client.run("ip", "address", "del", `${CLIENT}/24`, "dev", "eth0");
    // With its first address, the kernel may have removed the others of the network.
    await client.run("ip", "address", "replace", `${NEXT_CLIENT}/24`, "dev", "eth0");
  },
};

/** @type {Fault} */
export const linkDown = {
  begin: ({ client }) => client.run("ip", "link", "set", "eth0", "down"),
  end: ({ client }) => client.run("ip", "link", "set", "eth0", "up"),
};

/** The cloud hangs: its kernel accepts connections and data, and nothing answers. @type {Fault} */
export const stoppedCloud = {
  begin: async ({ cloud }) => cloud.signal("SIGSTOP"),
  end: async ({ cloud }) => cloud.signal("SIGCONT"),
};

/** @type {Fault} */
export const killedCloud = {
  begin: async ({ cloud }) => cloud.signal("SIGKILL"),
  end: (line) => line.startCloud(),
};

/** All processes of the client stand still, as on a laptop with its lid closed. @type {Fault} */
export const stoppedClient = {
  begin: async ({ client }) => client.signal("SIGSTOP"),
  end: async ({ client }) => client.signal("SIGCONT"),
};

/** 64 kB/s, with a queue of a second in front of it. @type {Fault} */
export const slowUplink = {
  begin: ({ client }) =>
    client.run(
      ...["tc", "qdisc", "add", "dev", "eth0", "root"],
      ...["tbf", "rate", "512kbit", "burst", "16kb", "latency", "1s"],
    ),
  end: ({ client }) => client.run("tc", "qdisc", "del", "dev", "eth0", "root"),
};
