/** Cloud in virtual time, in the modes of real ones, and the balancer in front of the processes. */

/** Time from a lost connection to a restart, ms. */
const GRACE = 5000;
/** Longest time from a request to the connection, ms, and tries of a webhook. */
const START_LIMIT = 5000;
const TRIES = 2;
const HTTP_TIMEOUT = 10_000;
/** Longest time until a process notices that its connection is dead, ms. */
const UNHEARD = 60_000;

export class Cloud {
  /** `close`: an older connection is closed. `deaf`: it stays, unheard. `detach`: its end also detaches the newer one. */
  oldConnection;
  stopsFirst;
  users = new Map();
  givenUp = 0;
  #world;

  constructor(world, { oldConnection, stopsFirst }) {
    this.#world = world;
    this.oldConnection = oldConnection;
    this.stopsFirst = stopsFirst;
  }

  user(sessionId) {
    let user = this.users.get(sessionId);
    if (user === undefined) {
      user = {
        sessionId,
        isWanted: false,
        phase: "stopped",
        attached: undefined,
        all: new Set(),
        starts: 0,
        stops: 0,
      };
      this.users.set(sessionId, user);
    }
    return user;
  }

  /** The user starts the app. */
  start(sessionId) {
    const user = this.user(sessionId);
    if (user.isWanted) return;
    if (user.isStopPending) Object.assign(user, { stoppedBadlyAt: this.#world.time.now, wasHasty: true });
    this.#detachAll(user);
    user.isWanted = true;
    this.#restart(user, false);
  }

  /** The user stops the app. */
  stop(sessionId, stopped) {
    const user = this.user(sessionId);
    if (!user.isWanted) return;
    user.isWanted = false;
    user.stops += 1;
    user.phase = "stopped";
    const starts = (user.starts += 1);
    this.#postStop(user, () => {
      if (user.starts === starts) this.#detachAll(user);
      stopped?.();
    });
  }

  connect(process, session) {
    const user = this.user(session.sessionId);
    if (!user.isWanted || user.phase === "stopping") {
      user.refusedAt = this.#world.time.now;
      return undefined;
    }
    const conn = { process, hold: session.hold, sessionId: session.sessionId, isOpen: true };
    const { attached } = user;
    user.attached = conn;
    user.phase = "running";
    user.all.add(conn);
    if (attached !== undefined && this.oldConnection === "close") this.#close(user, attached, 4009);
    return conn;
  }

  /** True for a connection on which the cloud answers. */
  hears(conn) {
    return conn !== undefined && this.user(conn.sessionId).all.has(conn);
  }

  /** The client has closed a connection. */
  closed(conn) {
    if (!conn.isOpen) return;
    conn.isOpen = false;
    const user = this.user(conn.sessionId);
    user.all.delete(conn);
    if (user.attached === conn || (this.oldConnection === "detach" && user.attached !== undefined)) {
      user.attached = undefined;
      this.#lost(user);
    }
  }

  /** Cuts the connection of a session. */
  cut(sessionId) {
    const { attached } = this.user(sessionId);
    if (attached === undefined) return;
    this.closed(attached);
    attached.process.lost(attached, 1006);
  }

  /** Loses a connection of which the process does not hear before its check of the connection. */
  forget(sessionId) {
    const user = this.user(sessionId);
    const { attached: conn } = user;
    if (conn === undefined) return;
    user.all.delete(conn);
    user.attached = undefined;
    this.#world.time.after(this.#world.between(10_000, UNHEARD), () => {
      if (!conn.isOpen) return;
      conn.isOpen = false;
      conn.process.lost(conn, 1006);
    });
    this.#lost(user);
  }

  /** The app has ended the session with a goodbye, on the connection that is attached. */
  released(user) {
    for (const conn of [...user.all]) if (conn !== user.attached) this.#close(user, conn, 1000);
    user.isWanted = false;
    user.stops += 1;
    user.starts += 1;
    user.phase = "stopped";
  }

  /** Sends a frame on each connection of a session. */
  frames(sessionId) {
    for (const conn of this.user(sessionId).all) conn.process.frame(conn);
  }

  #close(user, conn, code) {
    this.#forget(user, conn);
    conn.process.lost(conn, code);
  }

  /** Closes all connections of a session. The process may hear of it after requests that are sent later. */
  #detachAll(user) {
    const { time, between, chance, lateClosures } = this.#world;
    for (const conn of [...user.all]) {
      this.#forget(user, conn);
      const lost = () => conn.process.lost(conn, 1000);
      if (chance(lateClosures)) time.after(between(1, 500), lost);
      else lost();
    }
  }

  #forget(user, conn) {
    conn.isOpen = false;
    user.all.delete(conn);
    if (user.attached === conn) user.attached = undefined;
  }

  #lost(user) {
    if (!user.isWanted || user.phase !== "running") return;
    const starts = (user.starts += 1);
    this.#world.time.after(GRACE, () => {
      if (user.starts === starts && user.isWanted && user.attached === undefined) this.#restart(user, true);
    });
  }

  #restart(user, isAgain) {
    const starts = (user.starts += 1);
    const isCurrent = () => user.starts === starts && user.isWanted;
    const start = () => isCurrent() && this.#startNow(user, isCurrent);
    if (!isAgain || !this.stopsFirst) return start();
    user.phase = "stopping";
    this.#postStop(user, start);
  }

  #startNow(user, isCurrent) {
    user.phase = "starting";
    this.#world.witness.started(user);
    const { time } = this.#world;
    time.after(START_LIMIT, () => {
      if (!isCurrent() || user.attached !== undefined) return;
      user.isWanted = false;
      user.phase = "stopped";
      this.givenUp += 1;
      this.#world.witness.gaveUp(user);
      this.#detachAll(user);
    });
    this.#post(user, "start", TRIES);
  }

  #postStop(user, done) {
    let isDone = false;
    user.isStopPending = true;
    const once = () => {
      if (isDone) return;
      isDone = true;
      user.isStopPending = false;
      done();
    };
    this.#post(user, "stop", 1, once);
    // The waiting of a cloud has no limit; a process that dies resets the connection.
    this.#world.time.after(HTTP_TIMEOUT, () => {
      if (!isDone) user.stoppedBadlyAt = this.#world.time.now;
      once();
    });
  }

  #post(user, type, tries, done = () => {}, at = this.#world.time.now) {
    const { time, between, chance, processes, pick, witness } = this.#world;
    const alive = processes.filter(({ isAlive, isLeft }) => isAlive && !isLeft);
    if (alive.length === 0)
      return void (tries > 1 ? time.after(1000, () => this.#post(user, type, tries - 1, done, at)) : done());
    const { sessionId } = user;
    const request = { sessionId, userId: sessionId, url: "", reason: "user_disabled", at };
    let isAnswered = false;
    const deliver = () => {
      const process = pick(alive);
      const answered = witness.requested(process, type, user, request.at);
      process.request(type, request, (answer) => {
        answered(answer);
        isAnswered = true;
        time.after(between(0.2, 5), done);
      });
    };
    const isLate = chance(this.#world.lateWebhooks);
    // The answer to a late stop is awaited: the cloud does not go on before it.
    time.after(isLate ? between(50, 1500) : between(0.2, 5), deliver);
    if (!chance(this.#world.duplicates)) return;
    time.after(between(2, 800), () => {
      // The answer to the copy, which finds the mark of the stop, may be the first.
      if (type === "stop" && !isAnswered) user.stoppedBadlyAt = time.now;
      deliver();
    });
  }
}
