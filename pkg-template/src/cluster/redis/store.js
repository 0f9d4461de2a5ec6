/**
 * Store of a cluster on Redis or Valkey.
 *
 * @import { ClusterDifference, ClusterFields, ClusterHeld, ClusterMember, ClusterOpening, ClusterRecord, ClusterStore } from "../../../types/cluster.js"
 * @import { Library } from "./clients.js"
 */
import { Connection, LIMITS } from "./connection.js";
import { complaints, rights } from "./errors.js";
import { BEAT, CHECK, OWNED, PUT, READ, RENEW } from "./scripts.js";

/** Version of the records. */
const VERSION = 1;
/** Messages of an instance to itself that may be lost before its subscription is made again. */
const MAX_LOST_ECHOES = 3;
/** Times that a record is tried to be replaced whose owner changes meanwhile. */
const ATTEMPTS = 3;
/** Reply to a put that needs the index of another owner. */
const OTHER = 2;
/** Message of an instance to itself, by which it notices that it no longer receives any. */
const ECHO = "";

/** @implements {ClusterStore} */
export class RedisStore {
  #library;
  #keys;
  #commands;
  /**
   * Connection for pictures, from the first one on: a command behind one of 10 MB waits until it is written.
   *
   * @type {Connection | undefined}
   */
  #pictures;
  /** @type {Connection | undefined} */
  #subscription;
  /** Instance that is subscribed. @type {string | undefined} */
  #instance;
  #complain;
  #limits;
  #unwatch;
  /** Messages to itself that have not come back. */
  #echoes = 0;
  #isSubscribed = false;
  /** Messages may have been lost since the last one to itself came back. */
  #isInterrupted = false;
  #isClosed = false;

  /**
   * @param {Library} library
   * @param {string} prefix first part of all names, without its hash tag
   * @param {Pick<ClusterOpening, "warn">} opening
   * @param {import("./connection.js").Limits} [limits]
   */
  constructor(library, prefix, { warn }, limits = LIMITS) {
    this.#library = library;
    this.#keys = keys(`${library.keyPrefix}{${prefix}}`);
    this.#complain = complaints(rights(`${library.keyPrefix}{tpa:`, library.isCluster), warn);
    this.#limits = limits;
    this.#unwatch = library.watch(this.#complain);
    this.#commands = new Connection(library, limits, this.#complain);
    void this.#checkEviction();
  }

  /** @type {ClusterStore["isDeaf"]} */
  get isDeaf() {
    return !this.#isSubscribed || this.#echoes > 1;
  }

  /** @type {ClusterStore["beat"]} */
  async beat(instance, state) {
    const names = [this.#keys.members, this.#keys.index(instance)];
    const [now, flat, old] = await this.#evaluate(BEAT, names, [instance, state]);
    if (this.#subscription !== undefined && state !== "" && instance === this.#instance) {
      this.#echo(instance, this.#subscription);
    }
    const previous = old === null ? undefined : memberOf(instance, old).state;
    return { now: Number(now), previous, members: members(flat) };
  }

  /** @type {ClusterStore["read"]} */
  async read(sessionId) {
    return this.#record(await this.#evaluate(READ, [this.#keys.record(sessionId)], []));
  }

  /** @type {ClusterStore["owned"]} */
  async owned(instance) {
    return this.#evaluate(OWNED, [this.#keys.index(instance)], []);
  }

  /** @type {ClusterStore["put"]} */
  async put({ sessionId, expected, owner, number, fields, ttl }) {
    const condition = expected === "lower" ? expected : `${expected.number}`;
    let old = expected === "lower" ? "" : expected.owner;
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const names = [this.#keys.record(sessionId), this.#keys.index(old), this.#keys.index(owner ?? "")];
      const values = [old, condition, owner ?? "-", `${number}`, `${ttl}`, sessionId, ...texts(fields)];
      const [reply, ...found] = await this.#evaluate(PUT, names, values);
      if (Number(reply) !== OTHER) return { done: Number(reply) === 1, record: this.#record(found) };
      old = found[0];
    }
    throw new Error(`redis: the record of ${sessionId} changes all the time`);
  }

  /** @type {ClusterStore["check"]} */
  async check(instance, sessions, ttl, { quick = false } = {}) {
    if (sessions.length === 0) return [];
    const others = quick
      ? await this.#unlisted(instance, sessions)
      : await this.#unrenewed(instance, sessions, ttl);
    return others.length === 0 ? [] : this.#compare(instance, others, ttl);
  }

  /**
   * Returns the sessions that the index of an instance does not have with their numbers. Almost all checks do no
   * more for almost all sessions: 0.4 µs of Redis each, and 2.8 µs where each record is read.
   *
   * @param {string} instance
   * @param {readonly ClusterHeld[]} sessions
   */
  async #unlisted(instance, sessions) {
    const ids = sessions.map(({ sessionId }) => sessionId);
    const numbers = await this.#send((line) => line.fields(this.#keys.index(instance), ids));
    return sessions.filter(({ number }, i) => numbers[i] !== `${number}`);
  }

  /**
   * Renews records, and returns the sessions whose records are not as expected.
   *
   * @param {string} instance
   * @param {readonly ClusterHeld[]} sessions
   * @param {number} ttl
   */
  async #unrenewed(instance, sessions, ttl) {
    const names = sessions.map(({ sessionId }) => this.#keys.record(sessionId));
    const numbers = sessions.map(({ number }) => `${number}`);
    /** @type {(number | string)[]} */
    const others = await this.#evaluate(
      RENEW,
      [this.#keys.index(instance), ...names],
      [instance, `${ttl}`, ...numbers],
    );
    return others.flatMap((i) => sessions[Number(i)] ?? []);
  }

  /**
   * Compares sessions with their records, and writes those that are absent or lower. What has another owner
   * once more after some attempts is left to the next check.
   *
   * @param {string} instance
   * @param {readonly ClusterHeld[]} sessions
   * @param {number} ttl
   * @returns {Promise<ClusterDifference[]>}
   */
  async #compare(instance, sessions, ttl) {
    /** @type {Map<string, ClusterDifference>} */
    const differences = new Map();
    let left = sessions.map((session) => ({ session, owner: instance }));
    for (let attempt = 1; left.length > 0 && attempt <= ATTEMPTS; attempt += 1) {
      const names = left.flatMap(({ session, owner }) => [
        this.#keys.record(session.sessionId),
        this.#keys.index(owner),
      ]);
      const values = left.flatMap(({ session: { sessionId, number, fields }, owner }) => [
        ...[sessionId, owner, `${number}`],
        ...texts(fields),
      ]);
      /** @type {[number, ClusterDifference["outcome"] | "other", string, string][]} */
      const found = await this.#evaluate(
        CHECK,
        [this.#keys.index(instance), ...names],
        [instance, `${ttl}`, ...values],
      );
      left = found.flatMap(([i, outcome, owner, number]) => {
        const session = left[Number(i)]?.session;
        if (session === undefined) return [];
        if (outcome === "other") return { session, owner };
        const { sessionId } = session;
        differences.set(sessionId, { sessionId, outcome, owner, number: Number(number) });
        return [];
      });
    }
    return sessions.flatMap(({ sessionId }) => differences.get(sessionId) ?? []);
  }

  /** @type {ClusterStore["publish"]} */
  async publish(to, message) {
    const count = await this.#send((line) => line.publish(this.#keys.channel(to), message));
    // In Redis Cluster it counts the receivers at one node only.
    return this.#library.isCluster ? undefined : Number(count);
  }

  /** @type {ClusterStore["subscribe"]} */
  async subscribe(instance, listener, resumed) {
    this.#instance = instance;
    const channels = [this.#keys.channel(instance), this.#keys.channel("*")];
    const hears = () => {
      this.#echoes = 0;
      if (!this.#isInterrupted) return;
      this.#isInterrupted = false;
      resumed();
    };
    this.#subscription = new Connection(this.#library, this.#limits, this.#complain, async (line) => {
      const receive = (/** @type {string} */ message) => (message === ECHO ? hears() : listener(message));
      await line.subscribe(channels, receive, () => this.#interrupted(instance));
      this.#isSubscribed = true;
      this.#interrupted(instance);
    });
    try {
      await this.#subscription.ready();
    } catch (error) {
      throw this.#complain(error);
    }
  }

  /** @type {ClusterStore["putBlob"]} */
  async putBlob(id, bytes, ttl) {
    const { buffer, byteOffset, byteLength } = bytes;
    const same = globalThis.Buffer.from(buffer, byteOffset, byteLength);
    await this.#send((line) => line.set(this.#keys.blob(id), same, ttl), this.#forPictures());
  }

  /** @type {ClusterStore["takeBlob"]} */
  async takeBlob(id) {
    return (await this.#send((line) => line.take(this.#keys.blob(id)), this.#forPictures())) ?? undefined;
  }

  /** @type {ClusterStore["close"]} */
  async close() {
    this.#unwatch();
    this.#isClosed = true;
    for (const each of [this.#commands, this.#pictures, this.#subscription]) each?.close();
  }

  /**
   * @param {string} script
   * @param {string[]} names
   * @param {string[]} values
   * @returns {Promise<any>}
   */
  #evaluate(script, names, values) {
    return this.#send((line) => line.evaluate(script, names, values));
  }

  /**
   * @param {(string | null)[]} found
   * @returns {ClusterRecord | undefined}
   * @throws {Error} for a record of a newer version
   */
  #record([owner, number, userId, url, crashes, crashedAt, startedAt, version]) {
    if (owner == null) return undefined;
    if (Number(version ?? VERSION) > VERSION) {
      // Without the session, as a warning is written once a minute.
      const versions = `a record has version ${version}, and this process reads ${VERSION} only`;
      throw this.#complain(new Error(`redis: ${versions}; use one version of tpa-session in all processes`));
    }
    return {
      owner,
      number: Number(number),
      userId: userId ?? "",
      url: url ?? "",
      crashes: Number(crashes),
      crashedAt: Number(crashedAt),
      startedAt: Number(startedAt ?? 0),
    };
  }

  /**
   * @template T
   * @param {(line: import("./clients.js").Line) => Promise<T>} command
   * @returns {Promise<T>}
   */
  async #send(command, connection = this.#commands) {
    try {
      return await connection.send(command);
    } catch (error) {
      throw this.#complain(error);
    }
  }

  #forPictures() {
    // That of the commands refuses when the store is closed.
    if (this.#isClosed) return this.#commands;
    const limits = { ...this.#limits, command: this.#limits.picture };
    return (this.#pictures ??= new Connection(this.#library, limits, this.#complain));
  }

  /**
   * Checks that messages arrive, and subscribes again if several have not.
   *
   * @param {string} instance
   * @param {Connection} subscription
   */
  #echo(instance, subscription) {
    // The one before was lost.
    if (this.#echoes > 0) this.#isInterrupted = true;
    this.#echoes += 1;
    subscription.repair();
    if (this.#echoes > MAX_LOST_ECHOES) subscription.replace();
    this.publish(instance, ECHO).catch(() => {});
  }

  /** Finds out whether messages arrive; if not yet, the next beat does. @param {string} instance */
  #interrupted(instance) {
    this.#isInterrupted = true;
    this.#commands.send((line) => line.publish(this.#keys.channel(instance), ECHO)).catch(() => {});
  }

  /** Warns of a server that may remove records, where it tells. */
  async #checkEviction() {
    try {
      const reply = JSON.stringify(await this.#commands.send((line) => line.config("maxmemory-policy")));
      const policy = /allkeys-\w+|volatile-\w+/.exec(reply)?.[0];
      if (policy !== undefined)
        this.#complain.once(
          `redis: maxmemory-policy is ${policy}, which may remove records of the cluster; set it to noeviction`,
        );
    } catch {
      // Most services do not allow the command.
    }
  }
}

/** Names of keys and channels. @param {string} prefix */
function keys(prefix) {
  return {
    members: `${prefix}:m`,
    /** @param {string} sessionId */
    record: (sessionId) => `${prefix}:s:${sessionId}`,
    /** @param {string} instance */
    index: (instance) => `${prefix}:i:${instance}`,
    /** @param {string} id */
    blob: (id) => `${prefix}:ph:${id}`,
    /** @param {string} to */
    channel: (to) => (to === "*" ? `${prefix}:all` : `${prefix}:to:${to}`),
  };
}

/** @param {ClusterFields} fields */
function texts({ userId, url, crashes, crashedAt, startedAt }) {
  return [userId, url, `${crashes}`, `${crashedAt}`, `${startedAt}`];
}

/**
 * Entries of the list of members, whose values are the time of the beat and the state.
 *
 * @param {string[]} flat
 * @returns {ClusterMember[]}
 */
function members(flat) {
  const found = [];
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const [instance = "", value = ""] = flat.slice(i, i + 2);
    found.push(memberOf(instance, value));
  }
  return found;
}

/** @param {string} instance @param {string} value @returns {ClusterMember} */
function memberOf(instance, value) {
  const space = value.indexOf(" ");
  return { instance, at: Number(value.slice(0, space)), state: value.slice(space + 1) };
}
