/** Store in virtual time: slow, away, old or empty, with commands that happen late or without an answer. */
import { Records } from "../../../pkg-template/src/cluster/records.js";
import { Evictions } from "./evictions.mjs";
import { parseAnew } from "./texts.mjs";

/** 2026, ms. */
const EPOCH = 1_767_225_600_000;

export class Store {
  records = new Records();
  isAway = false;
  clock = 0;
  /** Time since which it has answered everybody, for the invariants. */
  since = 0;
  /** Probability that a message or an answer is lost, that a command is late. */
  loss = 0;
  late = 0;
  /** Probability that a command is carried out twice. */
  twice = 0;
  /** Time until which messages were lost. */
  lostUntil = -Infinity;
  clockSetAt = -Infinity;
  hasEvicted = false;
  /** When it has lost the mark of a stop, by session. */
  lostMarks = new Map();
  #listeners = new Map();
  #stalled = [];
  /** Commands that reach a server that is away are carried out later. */
  #keeps = true;
  /** It is away, and so are its connections. */
  isClosed = false;
  #snapshot;
  #world;

  constructor(world) {
    this.#world = world;
    this.evictions = new Evictions(world.time);
  }

  get now() {
    return EPOCH + this.#world.time.now + this.clock;
  }

  /** Carries a command out for a process; `done` is called with its result unless the answer is lost. */
  call(process, name, args, done) {
    const { time, chance, between } = this.#world;
    if (chance(this.twice)) {
      time.after(between(1, 1500), () => this.#reaches(process) && this.#run(process, name, args));
    }
    const delay = chance(this.late) ? between(1000, 5000) : between(0.1, 3);
    time.after(delay, () => this.#arrive(process, name, args, done));
  }

  #arrive(process, name, args, done) {
    const { time, chance, between } = this.#world;
    if (!this.#reaches(process)) {
      if (this.isAway && this.#keeps && chance(0.5)) this.#stalled.push(() => this.#run(process, name, args));
      return;
    }
    const value = this.#run(process, name, args);
    if (chance(this.loss)) return;
    time.after(between(0.1, 3), () => this.#reaches(process) && done({ value }));
  }

  #reaches({ isPartitioned }) {
    return !isPartitioned && !this.isAway;
  }

  subscribe(process, listener) {
    this.#listeners.set(process.instance, { process, listener });
  }

  unsubscribe(process) {
    this.#listeners.delete(process.instance);
  }

  /** A stopped server carries out what is in its buffers when it goes on; one that is not reached has none. */
  goAway(keeps = true) {
    this.isAway = true;
    this.#keeps = keeps;
    if (keeps) return;
    this.isClosed = true;
    for (const { process } of this.#listeners.values()) process.unsubscribe();
  }

  /** `how`: as it was, as it was at the snapshot, or empty. */
  comeBack(how) {
    const { time } = this.#world;
    if (how === "empty") this.#replace(new Records(), new Evictions(time));
    if (how === "old") {
      const { records, evictions } = this.#snapshot;
      this.#replace(new Records(records), new Evictions(time, evictions));
    }
    this.isAway = false;
    this.since = this.#world.time.now;
    if (this.isClosed) {
      this.isClosed = false;
      for (const { process } of this.#listeners.values()) process.subscribe();
    }
    for (const run of this.#stalled.splice(0)) run();
  }

  #replace(records, evictions) {
    const { users, time } = this.#world;
    for (const user of users) {
      const mark = this.records.read(this.now, user);
      const left = records.read(this.now, user);
      // That of an earlier stop is no substitute.
      const isLost = mark?.owner === "" && (left?.owner !== "" || left.number < mark.number);
      if (isLost) this.lostMarks.set(user, time.now);
    }
    Object.assign(this, { records, evictions });
  }

  /** Loses a record with an owner. */
  evict(sessionId) {
    const record = this.records.read(this.now, sessionId);
    if (!record?.owner || this.isAway) return;
    // It expires at once, which leaves the entry of its owner.
    const { owner, number, ...fields } = record;
    this.records.check(this.now, owner, [{ sessionId, number, fields }], 0);
    this.hasEvicted = true;
    this.evictions.evicted(owner, { sessionId, number });
  }

  /** Loses nothing any more. */
  answerAgain() {
    const { now } = this.#world.time;
    Object.assign(this, { loss: 0, late: 0, twice: 0, since: now, lostUntil: now });
  }

  setClock(ms) {
    this.clock = ms;
    this.clockSetAt = this.#world.time.now;
  }

  snapshot() {
    const { records, evictions } = this;
    const copied = new Evictions(this.#world.time, evictions);
    this.#snapshot = { records: new Records(records), evictions: copied };
  }

  #run(process, name, args) {
    if (name === "publish") return this.#publish(...args);
    if (name === "beat" && args[1] !== "") process.beatAt = this.#world.time.now;
    const value = this.records[name](this.now, ...args.map(copy));
    const [first, sessions, , options] = args;
    if (name === "check") this.evictions.checked(first, sessions, options);
    if (name === "put" && value.done) this.evictions.compared(first.owner, first.sessionId);
    return value;
  }

  #publish(to, message) {
    const { time, chance, between } = this.#world;
    const receivers = to === "*" ? [...this.#listeners.values()] : [this.#listeners.get(to)].filter(Boolean);
    const reached = receivers.filter(({ process }) => process.isSubscribed && !process.isPartitioned);
    for (const { process, listener } of reached) {
      if (chance(this.loss) || process.isDeaf) continue;
      time.after(between(0.1, 3), () => {
        if (process.isPartitioned || !process.isSubscribed) return;
        const told = parseAnew(message);
        if (told.kind === "lost" || told.kind === "stop") this.#world.witness.told(process, told);
        listener(told);
      });
    }
    return reached.length;
  }
}

/** What a process sends is not what it goes on to change. */
function copy(value) {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map(copy);
  const copied = {};
  for (const name in value) copied[name] = copy(value[name]);
  return copied;
}
