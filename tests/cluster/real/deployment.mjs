/**
 * An app in production in small: a cloud, a Redis, a balancer and processes of the app, each a program of its
 * own, and the cloud's events as the witness.
 *
 * @import { Settings } from "./app.mjs"
 * @import { How } from "./app-process.mjs"
 */
import { createClient } from "redis-6";

import { Cloud } from "../../support/cloud.mjs";
import { until } from "../../support/until.mjs";
import { RedisSentinel, RedisServer } from "../redis-server.mjs";
import { AppProcess } from "./app-process.mjs";
import { BalancerProcess } from "./balancer-process.mjs";
import { Clock } from "./clock.mjs";
import { follow } from "./feed.mjs";
import { Witness } from "./witness.mjs";

export const APP = "org.example.real";
/** Users that are started at once, and attempts for each. */
const AT_ONCE = 24;
const ATTEMPTS = 5;
/** Time in which everything is settled once the faults are over, ms. */
const SETTLE_MS = 40_000;
const START_MS = 60_000;

/**
 * @typedef {object} Plan
 * @property {string[]} [cloud] options of `tpa-cloud`
 * @property {number} [processes] default 4
 * @property {Partial<Settings>} [app]
 * @property {string[]} [flags] of Node for each process
 * @property {boolean} [sentinel] Redis with a replica, under a Sentinel
 * @property {boolean} [clock] Redis with a wall clock that can be set
 * @property {string} [bind] address on which the cloud and Redis are reached; default 127.0.0.1
 */

export class Deployment {
  /** @type {AppProcess[]} */
  processes = [];
  witness = new Witness(APP);
  /** Users whose app is to run. @type {Set<string>} */
  wanted = new Set();
  /** @type {Cloud} */
  cloud = /** @type {any} */ (undefined);
  /** @type {RedisServer} */
  redis = /** @type {any} */ (undefined);
  /** The servers under a Sentinel. @type {RedisSentinel | undefined} */
  sentinel;
  /** Wall clock of Redis. @type {Clock | undefined} */
  clock;
  /** @type {BalancerProcess} */
  balancer = /** @type {any} */ (undefined);
  #unfollow = () => {};
  /** Client of Redis that reads records. @type {any} */
  #client;
  #started = 0;
  #plan;

  /** @param {Plan} plan */
  constructor(plan) {
    this.#plan = plan;
  }

  /** @param {Plan} [plan] */
  static async start(plan = {}) {
    const deployment = new Deployment(plan);
    try {
      await deployment.#start();
    } catch (error) {
      await deployment.stop();
      throw error;
    }
    return deployment;
  }

  async #start() {
    const { cloud = [], processes = 4, bind, sentinel, clock } = this.#plan;
    if (clock) this.clock = await Clock.create();
    if (sentinel) this.sentinel = await RedisSentinel.start();
    const options = bind ? ["--bind", "0.0.0.0", "--protected-mode", "no"] : [];
    await this.readRecordsOf(
      this.sentinel?.master ?? (await RedisServer.startWith(this.clock?.env ?? {}, ...options)),
    );
    this.cloud = await Cloud.start(...(bind ? ["--listen", `${bind}:0`, "--token", TOKEN] : []), ...cloud);
    if (bind) this.cloud.headers = { authorization: `Bearer ${TOKEN}` };
    this.#unfollow = await follow(this.cloud.url, (event) => this.witness.handle(event), this.cloud.headers);
    this.balancer = await BalancerProcess.start();
    await Promise.all(Array.from({ length: processes }, (_, i) => this.add({ name: `app-${i}` })));
  }

  /** Takes a server for the one with the records. @param {RedisServer} server */
  async readRecordsOf(server) {
    this.redis = server;
    this.#client?.destroy();
    this.#client = createClient({ url: server.url });
    this.#client.on("error", () => {});
    await this.#client.connect();
  }

  get living() {
    return this.processes.filter(({ isAlive }) => isAlive);
  }

  /** Host and port of the cloud. */
  get #host() {
    return new URL(this.cloud.url).host;
  }

  /**
   * Starts one more process.
   *
   * @param {Partial<Settings>} settings
   * @param {How} [how]
   */
  async add(settings, how) {
    this.#started += 1;
    const process = await AppProcess.start(
      {
        packageName: APP,
        name: `app-${this.#started}`,
        // Each has an address of its own, by which the cloud's events tell them apart.
        address: `127.0.1.${this.#started}`,
        cloud: this.#host,
        redis: this.redis.url,
        ...(this.sentinel && { sentinel: this.sentinel.sentinel.port }),
        ...this.#plan.app,
        ...settings,
      },
      { ...how, flags: this.#plan.flags ?? [] },
    );
    this.processes.push(process);
    // As a platform that deploys: a process counts once it is a member of the cluster.
    const isReady = async () => (await fetch(`${process.url}/health?ready`)).ok;
    await until(`${process.name} is ready`, isReady, { timeout: START_MS });
    await this.balancer.add(process);
    void process.ended.then(() => this.balancer.remove(process));
    return process;
  }

  /** Starts the app for users, and waits until the cloud hears it. @param {readonly string[]} users */
  async startUsers(users) {
    const left = users.values();
    const startSome = async () => {
      for (const user of left) await this.#startUser(user);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, startSome));
    this.witness.givenUp = [];
  }

  /** Starts it again where the cloud gives it up, as on a machine that is busy. @param {string} user */
  async #startUser(user) {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) if (await this.start(user)) return;
    throw new Error(`${user} was given up ${ATTEMPTS} times`);
  }

  /** Starts the app for one user. Resolves to whether the cloud hears it, or else has given it up. @param {string} user */
  async start(user) {
    const outcome = this.witness.outcome(user);
    await Promise.all([this.request(user), outcome]);
    return outcome;
  }

  /** Asks the cloud to start the app for one user. @param {string} user */
  async request(user) {
    this.wanted.add(user);
    const body = { packageName: APP, userId: user, webhookUrl: `${this.balancer.url}/webhook` };
    const response = await this.cloud.post("/apps", body);
    if (!response.ok) throw new Error(`POST /apps: ${await response.text()}`);
  }

  /** Stops the app of one user. @param {string} user */
  async stopUser(user) {
    this.wanted.delete(user);
    const response = await this.cloud.post("/apps/stop", { sessionId: `${user}-${APP}` });
    if (!response.ok) throw new Error(`POST /apps/stop: ${await response.text()}`);
  }

  /** @param {string} user */
  isAttached(user) {
    return this.witness.users.get(user)?.attached !== undefined;
  }

  /** Users that the cloud hears through a process. @param {AppProcess} process */
  usersOf({ address }) {
    return [...this.witness.users]
      .filter(([, { attached, host }]) => attached && host === address)
      .map(([id]) => id);
  }

  /** Resolves when users are connected through other processes than at the mark. @param {readonly string[]} users @param {number} timeout */
  async haveMoved(users, timeout) {
    const isBack = (/** @type {string} */ user) => this.witness.users.get(user)?.awayAt !== Infinity;
    await until("the users are back", () => users.every(isBack), { timeout }).catch(() => {});
  }

  /** Begins a new observation by the witness. Resolves to its time. */
  mark() {
    const now = Date.now();
    this.witness.mark(now);
    return now;
  }

  /**
   * Waits until each wanted user is held by exactly one process, which is the one that the cloud hears and
   * that the record names, and nobody holds another one.
   *
   * @returns {Promise<string[]>} differences that stay
   */
  async settled(timeout = SETTLE_MS) {
    /** @type {string[]} */
    let differences = [];
    await until("settled", async () => (differences = await this.#differences()).length === 0, {
      timeout,
      interval: 500,
    }).catch(() => {});
    return differences;
  }

  async #differences() {
    /** @type {Map<string, AppProcess[]>} */
    const holders = new Map();
    for (const process of this.living) {
      if (process.isFrozen) continue;
      for (const user of await process.users()) holders.set(user, [...(holders.get(user) ?? []), process]);
    }
    const differences = [];
    const { givenUp } = this.witness;
    for (const user of this.wanted) {
      if (givenUp.some((each) => each.user === user)) continue;
      const held = holders.get(user) ?? [];
      holders.delete(user);
      const seen = this.witness.users.get(user);
      if (held.length !== 1)
        differences.push(`${user} is held by ${held.map(({ name }) => name) || "nobody"}`);
      else if (seen?.attached === undefined) differences.push(`the cloud hears nobody for ${user}`);
      else if (seen.host !== held[0]?.address) {
        differences.push(`${held[0]?.name} holds ${user}, the cloud hears ${seen.host}`);
      }
    }
    for (const [user, held] of holders) {
      if (!this.wanted.has(user)) differences.push(`${user} was stopped, ${held[0]?.name} holds it`);
    }
    return [...differences, ...(await this.#strayRecords())];
  }

  /** Records whose owner is no process that lives, or another one than the cloud hears. */
  async #strayRecords() {
    const names = new Map(this.living.map(({ name, address }) => [address, name]));
    const users = [...this.wanted];
    const owners = await Promise.all(users.map((user) => this.ownerOf(user)));
    return users.flatMap((user, i) => {
      const owner = owners[i];
      const seen = this.witness.users.get(user);
      const name = names.get(seen?.host ?? "");
      if (seen?.attached === undefined || owner?.startsWith(`${name}.`)) return [];
      return [`the record of ${user} names ${owner}, the cloud hears ${name}`];
    });
  }

  /** Owner in the record of a user's session. @param {string} user @returns {Promise<string | null>} */
  ownerOf(user) {
    return this.#client.hGet(`{tpa:${APP}}:s:${user}-${APP}`, "o");
  }

  async stop() {
    this.#unfollow();
    this.#client?.destroy();
    await this.balancer?.stop();
    for (const process of this.processes) process.thaw();
    await Promise.all(this.processes.map((process) => process.kill()));
    await this.cloud?.kill();
    this.redis?.thaw();
    await (this.sentinel ?? this.redis)?.stop();
    await this.clock?.remove();
  }
}

/** Of the control interface, where other machines reach it. */
const TOKEN = "a-token-of-tests";

/** @template T @param {readonly T[]} all @param {(one: T) => Promise<unknown>} act */
export async function inParts(all, act) {
  for (let at = 0; at < all.length; at += AT_ONCE) await Promise.all(all.slice(at, at + AT_ONCE).map(act));
}

/** Names of users. @param {number} count @param {string} [start] */
export function userNames(count, start = "user") {
  return Array.from({ length: count }, (_, i) => `${start}-${i}`);
}
