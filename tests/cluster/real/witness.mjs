/**
 * The witness: what the cloud's events say about the connections of one app. It does no I/O and reads no
 * clock; times are those of the events.
 *
 * @typedef {object} User
 * @property {string | undefined} attached connection that the cloud sends to
 * @property {string} host of the last connection that was attached
 * @property {number} lostAt time since which none is attached; `Infinity` for one that never was
 * @property {boolean} isStopped the cloud has stopped the app, and not started it again
 * @property {number} stoppedFor time of that stop
 * @property {Set<string>} old connections that are open and were replaced by another one
 * @property {string[]} hosts of the connections that were attached since the last mark
 * @property {number} backAt time of the first of them
 * @property {number} awayAt time at which the last host that differed from the one at the mark was attached
 * @property {number} markedHost host at the mark
 * @property {number[]} gaps times without an attached connection, ms
 * @property {number[]} pauses times from the loss of a connection to the subscriptions of the next, ms
 * @property {number} silentSince time of the loss that the next subscriptions end
 *
 * @typedef {object} Waiting
 * @property {Promise<boolean>} promise
 * @property {(isHeard: boolean) => void} resolve
 * @property {(error: Error) => void} reject
 */

/** Counts that begin again with each mark. */
const COUNTS = {
  acked: 0,
  overlaps: 0,
  superseded: 0,
  lateFrames: 0,
  lateCards: 0,
  cards: 0,
  afterStop: 0,
  starts: 0,
  refused: 0,
  deafened: 0,
};

export class Witness {
  /** @type {Map<string, User>} */
  users = new Map();
  /** @type {{ user: string, at: number, reason: string }[]} */
  givenUp = [];
  counts = { ...COUNTS };
  /** Reasons of refused connections, by number. @type {Map<string, number>} */
  refusals = new Map();
  /** Times at which users lost their connections and had others, since the mark. */
  markedAt = -Infinity;
  /** @type {string | undefined} */
  failure;
  #packageName;
  /** Callers that wait for the outcome of a user's start. @type {Map<string, Waiting>} */
  #waiting = new Map();

  /** @param {string} packageName */
  constructor(packageName) {
    this.#packageName = packageName;
  }

  /** Begins a new observation. @param {number} at */
  mark(at) {
    this.markedAt = at;
    this.givenUp = [];
    this.counts = { ...COUNTS };
    this.refusals.clear();
    for (const user of this.users.values()) {
      Object.assign(user, { markedHost: user.host, hosts: [], backAt: Infinity, gaps: [], pauses: [] });
      user.awayAt = Infinity;
    }
  }

  /**
   * Resolves to whether the next start of a user ends with a connection, or else with the app given up.
   *
   * @param {string} user
   * @returns {Promise<boolean>}
   */
  outcome(user) {
    if (this.failure !== undefined) return Promise.reject(new Error(this.failure));
    let waiting = this.#waiting.get(user);
    if (waiting === undefined) this.#waiting.set(user, (waiting = withResolvers()));
    return waiting.promise;
  }

  /** @param {string} user @param {boolean} isHeard */
  #decide(user, isHeard) {
    this.#waiting.get(user)?.resolve(isHeard);
    this.#waiting.delete(user);
  }

  /** @param {number} missed */
  #fail(missed) {
    this.failure = `the cloud's events were read too slowly: ${missed} missed`;
    for (const { reject } of this.#waiting.values()) reject(new Error(this.failure));
    this.#waiting.clear();
  }

  /** @param {any} event of `GET /events` */
  handle(event) {
    if (event.type === "lagged") this.#fail(event.missed);
    if (event.packageName !== this.#packageName || event.userSessionId === undefined) return;
    const at = Date.parse(event.at);
    const user = this.#user(event.userSessionId);
    switch (event.type) {
      case "acked":
        return this.#acked(user, event, at);
      case "superseded":
        return this.#superseded(user, event);
      case "detached":
        return this.#detached(user, event, at);
      case "closed":
        return this.#closed(user, event, at);
      case "subscriptions":
        return this.#subscribed(user, event, at);
      case "message":
        if (user.old.has(event.connectionId) && !isHandshake(event)) this.counts.lateFrames += 1;
        return;
      case "display":
        this.counts.cards += 1;
        if (user.old.has(event.connectionId)) this.counts.lateCards += 1;
        return;
      case "refused":
        this.counts.refused += 1;
        this.refusals.set(event.reason, (this.refusals.get(event.reason) ?? 0) + 1);
        return;
      default:
        return this.#ofApp(user, event, at);
    }
  }

  /** @param {User} user @param {any} event @param {number} at */
  #ofApp(user, event, at) {
    if (event.type === "app_started") {
      this.counts.starts += 1;
      user.isStopped = false;
    } else if (event.type === "app_stopped") {
      Object.assign(user, { isStopped: true, stoppedFor: at });
    } else if (event.type === "app_given_up") {
      this.givenUp.push({ user: event.userSessionId, at, reason: event.reason });
      this.#decide(event.userSessionId, false);
    }
  }

  /** @param {User} user @param {any} event @param {number} at */
  #acked(user, { connectionId, peer, userSessionId }, at) {
    this.counts.acked += 1;
    if (user.attached !== undefined && user.attached !== connectionId) this.counts.overlaps += 1;
    if (user.isStopped) this.counts.afterStop += 1;
    if (user.lostAt !== Infinity) user.gaps.push(at - user.lostAt);
    const host = hostOf(peer);
    Object.assign(user, { attached: connectionId, host, lostAt: Infinity });
    user.old.delete(connectionId);
    user.hosts.push(host);
    user.backAt = Math.min(user.backAt, at);
    if (host !== user.markedHost) user.awayAt = Math.min(user.awayAt, at);
    this.#decide(userSessionId, true);
  }

  /** @param {User} user @param {any} event */
  #superseded(user, { connectionId }) {
    if (user.attached === connectionId) this.counts.superseded += 1;
  }

  /** @param {User} user @param {any} event @param {number} at */
  #detached(user, { connectionId, by }, at) {
    if (user.attached !== connectionId) return;
    if (by === undefined) {
      // The cloud has forgotten the current one, whose app goes on.
      this.counts.deafened += 1;
    } else {
      this.counts.superseded += 1;
      user.old.add(connectionId);
    }
    this.#lose(user, at);
  }

  /** @param {User} user @param {any} event @param {number} at */
  #closed(user, { connectionId }, at) {
    user.old.delete(connectionId);
    if (user.attached === connectionId) this.#lose(user, at);
  }

  /** @param {User} user @param {number} at */
  #lose(user, at) {
    user.attached = undefined;
    user.lostAt = at;
    user.silentSince = Math.min(user.silentSince, at);
  }

  /** @param {User} user @param {any} event @param {number} at */
  #subscribed(user, { connectionId, subscriptions }, at) {
    if (connectionId !== user.attached || subscriptions.length === 0) return;
    if (user.silentSince !== Infinity) user.pauses.push(at - user.silentSince);
    user.silentSince = Infinity;
  }

  /** @param {string} id @returns {User} */
  #user(id) {
    let user = this.users.get(id);
    if (user === undefined) {
      user = {
        ...{
          attached: undefined,
          host: "",
          lostAt: Infinity,
          isStopped: false,
          stoppedFor: 0,
          old: new Set(),
        },
        ...{ hosts: [], backAt: Infinity, awayAt: Infinity, markedHost: "", gaps: [], pauses: [] },
        silentSince: Infinity,
      };
      this.users.set(id, user);
    }
    return user;
  }
}

/** @param {{ frame: string }} event */
function isHandshake({ frame }) {
  return frame === "tpa_connection_init";
}

/** @param {string} peer `address:port` */
function hostOf(peer) {
  return peer.slice(0, peer.lastIndexOf(":"));
}

/** @returns {Waiting} */
function withResolvers() {
  /** @type {any} */
  const parts = {};
  const promise = new Promise((resolve, reject) => Object.assign(parts, { resolve, reject }));
  return { promise, ...parts };
}
