/** The invariants of the cluster, observed at each step and at the end of a schedule. */
import { afterStop } from "./after-stop.mjs";

/** Slack of the checks, ms. */
const SLACK = 100;
const ANSWER = 4500;
/** Time in which a displaced owner hears of it: a beat and a command, or a check if messages are lost. */
const SETTLE = 3500;
const SETTLE_LOSSY = 37_000;
/** Time for which a clock that was set makes records seem young, and by which their take-over is late then, ms. */
const CLOCK_SET = 20_000;
const LOOKED_AGAIN = 12_000;
/** Longest time in which a displaced owner hears of it, and its onStop returns, ms. */
const DISPLACED = 500;
/** Longest time from the change of a record to the message that tells its owner, ms. */
const ON_ITS_WAY = 15;
/** Time in which an owner puts a record back that the store has lost, ms. */
const CHECK = 16_000;

export class Witness {
  errors = [];
  counts = {};
  acts = 0;
  #given = new Map();
  #overlaps = new Map();
  /** When a process that came back displaced another one, by session. */
  #wonAt = new Map();
  /** Sessions that were started without the store. */
  #startedAlone = new Set();
  /** When a stop was last marked whose owner may not have heard of it. */
  #untoldAt = -Infinity;
  #world;

  constructor(world) {
    this.#world = world;
  }

  fail(text) {
    if (this.errors.length < 5) this.errors.push(`${this.#world.time.now.toFixed(0)} ms: ${text}`);
  }

  /** A process let a frame pass. */
  acted(process, { sessionId, number }) {
    this.acts += 1;
    const { time, store } = this.#world;
    if (time.now - process.resumedAt > 50 || process.pausedFor < this.#world.lease) return;
    // Nothing shows the pause of a machine whose wall clock was set back since the last beat.
    if (process.jumpedAt > process.resumedAt - process.pausedFor - SETTLE) return;
    const record = store.records.read(store.now, sessionId);
    // A number is a time, µs. What tells of a change is on its way for some milliseconds.
    const age = store.now - (record?.number ?? 0) / 1000;
    if (record === undefined || (age >= 0 && age < ON_ITS_WAY)) return;
    // The cloud has asked it for the session since that stop.
    if (record.owner === "" && record.startedAt < process.state.holds.get(sessionId)?.fields.startedAt)
      return;
    if (record.owner !== process.instance && record.number > number) {
      this.fail(`${process.instance} woke, and acts for ${sessionId}, which ${record.owner || "nobody"} has`);
    }
  }

  /** A process has received a message that its session is lost or stopped. */
  told(process, { sid, f, at }) {
    // The cloud has asked for the session since that stop: it is kept, and gets a higher number.
    if (at < this.#world.cloud.user(sid).startedAt) return;
    this.#world.time.after(50, () => {
      const hold = process.state.holds.get(sid);
      const isRunning = process.isAlive && !process.isPaused && !process.isLeft;
      if (isRunning && hold !== undefined && hold.number < f) {
        this.fail(`${process.instance} has ${sid} 50 ms after it was told of its loss`);
      }
    });
  }

  /** A process can no longer tell an owner of a stop whose mark it may have written. */
  cutOff({ stops }) {
    if (stops.size === 0) return;
    const { now } = this.#world.time;
    this.#untoldAt = now;
    for (const user of stops) Object.assign(user, { stoppedBadlyAt: now, untoldAt: now });
  }

  /** A process goes on after a pause: what others have by then is over within a second. */
  woke(process) {
    const { time, store } = this.#world;
    for (const user of process.stops) user.stoppedBadlyAt = time.now;
    if (process.pausedFor < this.#world.lease || process.jumpedAt > time.now - process.pausedFor - SETTLE)
      return;
    const isAnothers = ({ sessionId, number }) => {
      const record = store.records.read(store.now, sessionId);
      return record !== undefined && record.owner !== process.instance && record.number > number;
    };
    const lost = [...process.state.holds.values()]
      .map(({ id, sessionId, number }) => ({ id, sessionId, number }))
      .filter(isAnothers)
      .map((each) => ({ ...each, wasUnaware: store.evictions.isUnaware(process, each.sessionId) }));
    const since = time.now;
    time.after(1000 + SLACK, () => {
      if (process.disturbedUntil > since || !this.isWell({ ...process, disturbedUntil: 0 }, SETTLE)) return;
      for (const each of lost) {
        const { id, sessionId, number, wasUnaware } = each;
        const hold = process.state.holds.get(sessionId);
        if (hold?.id !== id || hold.number !== number) continue;
        // The other one has ended it, so that this one takes its own record for evicted, which it was.
        if (wasUnaware && !isAnothers(each)) continue;
        this.fail(`${process.instance} woke, and has ${sessionId}, which is another's, after a second`);
      }
    });
  }

  /** A process was lost or leaves: others have its sessions after some time. */
  abandoned(process, ms) {
    const { time, processes, cloud, store } = this.#world;
    const sessions = [...process.sessions.values()].filter(
      ({ connectedAt, isEnded }) => connectedAt && !isEnded,
    );
    const others = processes.filter(
      (each) => each !== process && this.isWell(each, SETTLE) && !each.state.isLeaving,
    );
    const wasWell = process.state.holds.size > 0 && this.isWell({ ...process, isAlive: true }, SETTLE);
    const since = time.now;
    const isLeaving = process.isAlive;
    const stops = new Map(sessions.map(({ sessionId }) => [sessionId, cloud.user(sessionId).stops]));
    // A record of a clock that was ahead, or set back since, seems to be younger than its owner's last beat.
    const isAhead = ({ sessionId }) => store.records.read(store.now, sessionId)?.number / 1000 > store.now;
    if (!isLeaving && (store.clockSetAt > since - CLOCK_SET || sessions.some(isAhead))) ms += LOOKED_AGAIN;
    time.after(ms, () => {
      const rest = processes.filter((each) => each !== process && each.isAlive && !each.isLeft);
      const haveLeft = others.some(({ isAlive, isLeft, state }) => !isAlive || isLeft || state.isLeaving);
      const areWell = others.length > 0 && !haveLeft && rest.every((each) => this.isWell(each, ms + SETTLE));
      // Those that died or left lately have a share of the sessions as well.
      const haveDied = processes.some(
        (each) => each !== process && Math.max(each.killedAt, each.leftAt) > time.now - ms - 13_000,
      );
      // It stood still, could not reach the store or died while it handed them over.
      const { isAlive, isPaused, isPartitioned, disturbedUntil } = process;
      if (!isLeaving && store.clockSetAt > since) return;
      if (isLeaving && (!isAlive || isPaused || isPartitioned || disturbedUntil > since)) return;
      if (!wasWell || !areWell || haveDied || this.#world.wasLossy || this.#world.wasDeaf) return;
      for (const { sessionId } of sessions) {
        const user = cloud.user(sessionId);
        const isSame = user.isWanted && user.stops === stops.get(sessionId);
        const record = store.records.read(store.now, sessionId);
        // A stop that was on its way for long may have ended it, or the cloud, which waits for the answer to one.
        const isStopped = record?.owner === "" || user.refusedAt > since;
        if (!isSame || isStopped || isQuarantined(record, store.now)) continue;
        if (store.evictions.isUnaware(process, sessionId)) continue;
        if (processes.some((each) => each.isAlive && each.session(sessionId))) continue;
        this.fail(`nobody has ${sessionId} ${ms} ms after ${process.instance} was gone`);
      }
    });
  }

  /** The cloud has given an app up: the balancer must have chosen a process that could not answer. */
  gaveUp({ sessionId, posted, startedAt, stoppedBadlyAt, stoppedAloneAt, slowAt }) {
    // An earlier stop came after the start: a copy of it, or one that the store heard of late.
    if (stoppedBadlyAt > startedAt - 2000 || stoppedAloneAt > startedAt - 2000) return;
    const isExcused = ({ process, at, status }) =>
      !process.isAlive ||
      process.isPaused ||
      process.isLeft ||
      process.resumedAt >= at ||
      this.#world.allLeftAt >= at ||
      // It takes a jump for a pause, in which the cloud has asked another one.
      process.jumpedAt >= at ||
      // It could not tell those who stay.
      (process.state.isLeaving && !this.isWell(process, SETTLE)) ||
      status === 503;
    if (posted.length === 0 || posted.some(isExcused) || slowAt >= startedAt) return;
    // It has said that it received the request, so nobody else takes the session.
    const standsStill = ({ state, isPaused, disturbedUntil, killedAt }) =>
      state.holds.has(sessionId) && (isPaused || Math.max(disturbedUntil, killedAt) > startedAt);
    if (this.#world.processes.some(standsStill)) return;
    this.fail(`the cloud gave ${sessionId} up`);
  }

  /** Numbers never fall while a session is held. */
  stepped({ instance, state, numbers }) {
    for (const { id, number } of state.holds.values()) {
      const before = numbers.get(id);
      if (number === before) continue;
      if (number < before) this.fail(`the number of ${instance} ${id} fell from ${before} to ${number}`);
      else numbers.set(id, number);
    }
  }

  given(process, session) {
    const { time, processes, store } = this.#world;
    if (session.sessionId === this.#world.poison) this.#kill(process, session.sessionId);
    const key = `${process.instance} ${session.hold}`;
    if (this.#given.has(key)) this.fail(`onSession twice for ${key}`);
    this.#given.set(key, { process, session, stopped: 0 });
    const { stoppedBadlyAt, untoldAt } = this.#world.cloud.user(session.sessionId);
    if (stoppedBadlyAt > time.now - SETTLE || untoldAt > time.now - CHECK || this.#world.wasDeaf) return;
    if (store.lostUntil > time.now - CHECK) return;
    // It does not know that another one has claimed it.
    if (store.evictions.isUnaware(process, session.sessionId)) return;
    // One that has come back has displaced the other, and was displaced by this one.
    if (time.now - (this.#wonAt.get(session.sessionId) ?? -Infinity) < DISPLACED) return;
    for (const other of processes) {
      if (other === process || !this.isWell(other, SETTLE) || !this.isWell(process, SETTLE)) continue;
      if (store.evictions.isUnaware(other, session.sessionId)) continue;
      for (const each of other.sessions.values()) {
        if (each.sessionId !== session.sessionId || !each.isGiven) continue;
        if (each.isEnded && !each.isStopping) continue;
        this.fail(`onSession of ${key} before onStop in ${other.instance} (${time.now})`);
      }
    }
  }

  /** A session ends its process. */
  #kill(process, sessionId) {
    const { time, between, poisoned } = this.#world;
    time.after(between(50, 1000), () => {
      if (!process.isAlive || process.isLeft) return;
      // The record does not name a process that has started it without the store. Neither a process that
      // leaves counts nor one that has ended the session.
      const { isLeaving, holds } = process.state;
      if (this.isWell(process, 0) && !isLeaving && holds.has(sessionId)) poisoned.push(sessionId);
      process.kill();
      time.after(between(200, 3000), () => this.#world.spawn(process.name));
    });
  }

  /** Three processes at most are ended by a session before it waits for the first time. */
  poisoned(sessionId) {
    const { poisoned, wasLossy, wasDeaf, wasEmptied, store, time } = this.#world;
    const count = poisoned.filter((each) => each === sessionId).length;
    if (wasLossy || wasDeaf || wasEmptied || store.clockSetAt > time.now - 60_000) return;
    // The count is not that of the record, which this one has displaced.
    if (this.#startedAlone.has(sessionId)) return;
    // A start that did not wait for the stop before has displaced the mark before the death was counted there.
    if (this.#world.cloud.user(sessionId).wasHasty) return;
    if (count > 3) this.fail(`${sessionId} has ended ${count} processes`);
  }

  stopped(process, session) {
    const entry = this.#given.get(`${process.instance} ${session.hold}`);
    if (entry === undefined || ++entry.stopped > 1)
      this.fail(`onStop without onSession in ${process.instance}`);
  }

  /** The cloud is about to request a session. */
  started(user) {
    user.startedAt = this.#world.time.now;
    user.markedAt = undefined;
    user.posted = [];
  }

  requested(process, type, user, sentAt) {
    const { time } = this.#world;
    const at = time.now;
    let isAnswered = false;
    if (type === "stop") process.stops.add(user);
    // The owner hears later of a stop that reaches a process without the store.
    if (type === "stop" && !this.isWell(process, SETTLE)) user.stoppedAloneAt = at;
    const post = { process, at, status: undefined };
    if (type === "start") {
      user.posted?.push(post);
      Object.assign(user, { deliveredAt: at, markedAt: undefined });
    }
    const limit = type === "start" ? ANSWER : 800;
    time.after(limit + SLACK, () => {
      const isExcused = !process.isAlive || process.isPaused || process.disturbedUntil > at || process.isLeft;
      if (!isAnswered && !isExcused)
        this.fail(`${process.instance} did not answer a ${type} within ${limit} ms`);
    });
    return (answer) => {
      isAnswered = true;
      process.stops.delete(user);
      post.status = answer?.status;
      this.counts[`${type} ${answer?.status}`] = (this.counts[`${type} ${answer?.status}`] ?? 0) + 1;
      if (answer === undefined) this.fail(`${process.instance} answered a ${type} with nothing`);
      if (type !== "stop") return;
      // A copy may come after the start that followed, or be followed by a copy of the start before.
      const isLast = !(user.startedAt > sentAt) && !(user.deliveredAt > at);
      if (isLast && this.isWell(process, SETTLE)) user.markedAt = time.now;
      afterStop(this.#world, { user, process, at, settle: SETTLE });
    };
  }

  /** A process begins a session. Without a request it is none that was stopped. */
  began(process, { sessionId, reply }) {
    const { store, time, wasLossy } = this.#world;
    const { isWanted, markedAt } = this.#world.cloud.user(sessionId);
    if (reply !== undefined || isWanted || !(markedAt < time.now - SLACK) || wasLossy) return;
    if (store.lostMarks.get(sessionId) > markedAt) return;
    if (!this.isWell(process, SETTLE) || store.clockSetAt > markedAt - CLOCK_SET) return;
    this.fail(`${process.instance} begins ${sessionId}, which is stopped`);
  }

  counted(process, { name, why, from, sessionId }) {
    if (name === "won") this.#wonAt.set(sessionId, this.#world.time.now);
    if (name === "alone") this.#startedAlone.add(sessionId);
    const key = why === undefined ? name : `${name} ${why}`;
    this.counts[key] = (this.counts[key] ?? 0) + 1;
    if (name === "takeovers" && why === "dead") this.#checkVerdict(process, from);
    if (name === "takeovers" && why === "silence") this.#checkSilence(process, from);
  }

  /** Sessions are not taken from an owner that answers. */
  #checkSilence(process, from) {
    const other = this.#world.processes.find(({ instance }) => instance === from);
    if (other === undefined || this.#world.wasLossy || this.#world.wasDeaf) return;
    if (
      this.isWell(other, SETTLE) &&
      this.isWell(process, SETTLE) &&
      !other.isLeft &&
      !other.state.isLeaving
    ) {
      this.fail(`${process.instance} took a session from ${from}, which answers`);
    }
  }

  /** Sessions are taken only from a process that could not beat. */
  #checkVerdict(process, from) {
    const { time, processes, store } = this.#world;
    const other = processes.find(({ instance }) => instance === from);
    if (other === undefined || !other.isAlive || other.isLeft) return;
    const since = time.now - this.#world.lease - 2500;
    const lost = other.disturbances
      .filter(([, to]) => to > since)
      .reduce((sum, [start, to]) => sum + to - Math.max(start, since), 0);
    const isUnable =
      other.isPaused ||
      other.isPartitioned ||
      lost > this.#world.lease - 6000 ||
      store.loss > 0 ||
      store.late > 0;
    if (!isUnable) this.fail(`${process.instance} took a session from ${from}, which could beat`);
  }

  /** True if a process could act and reach the store, which answered, for some time. */
  isWell(process, ms) {
    const { time, store } = this.#world;
    const since = time.now - ms;
    return (
      process.isAlive &&
      !process.isPaused &&
      !process.isPartitioned &&
      !process.isDeaf &&
      process.isSubscribed &&
      process.disturbedUntil < since &&
      !store.isAway &&
      store.since < since &&
      store.loss === 0 &&
      store.late === 0
    );
  }

  /** Looks for sessions that two processes have. */
  scan() {
    const { time, store } = this.#world;
    const shared = this.#shared();
    if (shared.size === 0 && this.#overlaps.size === 0) return;
    const isLate = this.#untoldAt > time.now - CHECK - SETTLE;
    const limit = this.#world.wasLossy ? SETTLE_LOSSY : SETTLE + 15_000 * Number(isLate);
    for (const [sessionId, all] of shared) {
      const numbers = new Set(all.map(({ number }) => number));
      if (numbers.size < all.length) this.fail(`two processes have ${sessionId} with the same number`);
      const isCalm = !store.isAway && all.every(({ process }) => !process.isPaused && hears(process));
      if (!isCalm) this.#overlaps.delete(sessionId);
      else if (!this.#overlaps.has(sessionId)) this.#overlaps.set(sessionId, time.now);
      else if (time.now - this.#overlaps.get(sessionId) > limit) {
        this.fail(
          `${all.map(({ process }) => process.instance)} have ${sessionId} for more than ${limit} ms`,
        );
        this.#overlaps.set(sessionId, time.now);
      }
    }
    for (const sessionId of this.#overlaps.keys())
      if (!shared.has(sessionId)) this.#overlaps.delete(sessionId);
  }

  /** Sessions that more than one process has, or is connected for, with the processes. */
  #shared() {
    const { processes, cloud, store } = this.#world;
    const shared = new Map();
    const isAware = (sessionId) => (process) => !store.evictions.isUnaware(process, sessionId);
    const owning = processes.filter(({ isAlive, state }) => isAlive && state.holds.size > 0);
    for (const sessionId of owning.length > 1 ? cloud.users.keys() : []) {
      let count = 0;
      for (const { state } of owning) if (state.holds.has(sessionId)) count += 1;
      if (count < 2) continue;
      const owners = owning.filter(({ state }) => state.holds.has(sessionId)).filter(isAware(sessionId));
      const entry = (process) => ({ process, number: process.state.holds.get(sessionId).number });
      if (owners.length > 1) shared.set(sessionId, owners.map(entry));
    }
    for (const { sessionId, all } of cloud.users.values()) {
      if (all.size < 2) continue;
      const open = [...all].filter((conn) => conn.process.isAlive);
      if (open.length > 1 && cloud.oldConnection === "close") {
        this.fail(`the cloud has ${open.length} connections of ${sessionId}`);
      }
      // On other clouds both are heard, until the older one hears of the newer one.
      const hearing = open.map(({ process }) => process).filter(isAware(sessionId));
      const byProcess = new Map(hearing.map((process) => [process, { process, number: process }]));
      if (byProcess.size > 1) shared.set(`the connections of ${sessionId}`, [...byProcess.values()]);
    }
    return shared;
  }

  /** The state after everything has settled. */
  settled() {
    const { processes, cloud, store } = this.#world;
    const running = processes.filter(({ isAlive, isLeft }) => isAlive && !isLeft);
    for (const user of cloud.users.values()) {
      const { sessionId, isWanted, attached } = user;
      const holders = running.filter(({ state }) => state.holds.has(sessionId));
      const isStarted = ({ state }) => state.holds.get(sessionId).phase !== "quarantined";
      const record = store.records.read(store.now, sessionId);
      const names = holders.map(({ instance }) => instance).join();
      if (!isWanted) {
        // The cloud refuses the connection that follows a quarantine.
        if (holders.some(isStarted)) this.fail(`settled: ${sessionId} is stopped, and ${names} has it`);
        continue;
      }
      if (running.length === 0 || isQuarantined(record, store.now)) continue;
      const [holder] = holders;
      if (holders.length !== 1)
        this.fail(`settled: ${sessionId} is wanted, and [${names}] has it (${user.phase})`);
      else if (attached === undefined || attached.process !== holder) {
        this.fail(`settled: the cloud hears ${attached?.process.instance} for ${sessionId}, ${names} has it`);
      } else if (record?.owner !== holder.instance) {
        this.fail(`settled: the record of ${sessionId} names ${record?.owner}, ${names} has it`);
      }
    }
    for (const process of running) this.#checkMemory(process);
    for (const [key, { process, session, stopped }] of this.#given) {
      const hasEnded = !process.sessions.has(session.hold);
      if (process.isAlive && hasEnded && stopped !== 1) this.fail(`onStop ${stopped} times for ${key}`);
    }
  }

  #checkMemory({ instance, state }) {
    const { asks, claims, ending, owed, replies, tasks, holds } = state;
    const rest = { asks, claims, ending, owed, replies };
    for (const [name, map] of Object.entries(rest)) {
      if (map.size > 0) this.fail(`settled: ${instance} still has ${map.size} ${name}`);
    }
    if (tasks.size > 20 + holds.size) this.fail(`settled: ${tasks.size} tasks of ${instance} wait`);
  }
}

function hears({ isPartitioned, isSubscribed, isDeaf }) {
  return !isPartitioned && isSubscribed && !isDeaf;
}

function isQuarantined(record, now) {
  return record !== undefined && record.crashes >= 3 && now - record.crashedAt < 10 * 60e3;
}
