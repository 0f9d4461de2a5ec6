/** Process of the app in virtual time: the core of the cluster, and a shell with scripted sessions. */
import { isSinceAck, servedAgain, unheardBefore } from "../../../pkg-template/src/server/unheard.js";

/** URL of the core; tests of the simulation itself name another copy of it. */
const { CLUSTER_CORE = "../../../pkg-template/src/cluster/core.js" } = process.env;
const core = new URL(CLUSTER_CORE, import.meta.url);
export const { createState, deadline, mayPass, step } = await import(core.href);
export const { owe } = await import(new URL("state.js", core).href);

/** 2026, ms. */
const EPOCH = 1_767_225_600_000;
/** Time in which a cloud answers on a connection that it has, ms. */
const ANSWERED = 1000;
/** Longest wait of a session for the `onStop` of the one before, ms. */
const PREVIOUS = 2000;

/** Time in which others have the sessions of a process that was lost, or that leaves, ms. */
const RETAKEN = 17_000;
const HANDED = 3000;

/** Longest time until a client that was cut off has subscribed again, and until it knows that it has, ms. */
const RECONNECTED = 1500;
const NOTICED = 2000;

export class Process {
  isAlive = true;
  isPaused = false;
  isPartitioned = false;
  /** Messages reach it, and since when after an interruption. */
  isSubscribed = true;
  subscribedAt = -Infinity;
  isDeaf = false;
  isLeft = false;
  beatAt = 0;
  /** When it last could not act or reach the store, and the intervals in which it could not. */
  disturbedUntil = 0;
  disturbances = [];
  killedAt = -Infinity;
  leftAt = -Infinity;
  /** End and length of the last pause, ms. */
  resumedAt = -Infinity;
  jumpedAt = -Infinity;
  pausedFor = 0;
  /** Users whose stops it has not answered. */
  stops = new Set();
  /** Photos that it waits for. */
  photos = new Set();
  /** Sessions by hold. */
  sessions = new Map();
  /** Highest number of each hold, for the invariants. */
  numbers = new Map();
  skew;
  #frozen = 0;
  #timer;
  #inbox = [];
  #answers = new Map();
  #nextRequest = 1;
  #world;

  constructor(world, name, options = {}) {
    this.#world = world;
    this.name = name;
    this.instance = `${name}.${world.nextInstance++}`;
    this.skew = world.between(-2000, 2000);
    this.#timer = world.time.timer(() => !this.isPaused && this.#tick());
    this.state = createState({ instance: this.instance, ...options }, this.clocks());
    world.store.subscribe(this, (message) => this.#input({ type: "message", message }));
    this.#input({ type: "open" });
  }

  clocks() {
    const { now } = this.#world.time;
    return { mono: now - this.#frozen, wall: EPOCH + now + this.skew };
  }

  /** Session that is held under an id, connecting or connected. */
  session(sessionId) {
    return [...this.sessions.values()].find((each) => each.sessionId === sessionId && !each.isEnded);
  }

  /** Request of the cloud; `answered` is called with the response. */
  request(type, request, answered) {
    const id = `r${this.#nextRequest++}`;
    this.#answers.set(id, answered);
    this.#input({ type, id, request });
  }

  /** Photo for a process, in whichever it arrives. */
  upload(owner, requestId, answered) {
    if (owner === this.instance) return answered({ status: this.#takePhoto(requestId) });
    const id = `r${this.#nextRequest++}`;
    this.#answers.set(id, answered);
    this.#input({ type: "photo", id, owner, photo: { requestId }, bytes: new Uint8Array(3) });
  }

  /** Tool call for a session, in whichever process it arrives. */
  forward(sessionId, name) {
    if (this.session(sessionId) !== undefined) return this.#world.calls.ran(this, name);
    const id = `r${this.#nextRequest++}`;
    this.#answers.set(id, (answer) => answer === undefined && this.#world.calls.ran(this, name));
    this.#input({ type: "forward", id, what: "tool", sessionId, body: { name } });
  }

  /** Carries out a call that another process has passed on. */
  #local({ what, reply, body }) {
    if (what === "photo") return this.#result(reply, this.#takePhoto(body.requestId));
    const { time, calls, chance, between } = this.#world;
    calls.ran(this, body.name);
    time.after(chance(0.3) ? between(500, 3000) : 0, () => this.#result(reply, 200));
  }

  #takePhoto(requestId) {
    if (!this.photos.delete(requestId)) return 404;
    this.#world.calls.ran(this, requestId);
    return 200;
  }

  /** Stands still. With `vm` its monotonic clock does so too. */
  pause(ms, { vm = false, timersFirst = false } = {}) {
    if (!this.isAlive || this.isPaused) return;
    const { time } = this.#world;
    this.isPaused = true;
    this.#world.witness.cutOff(this);
    const from = time.now;
    time.after(ms, () => {
      if (!this.isAlive) return;
      this.isPaused = false;
      if (vm) this.#frozen += ms;
      this.#disturbed(from);
      Object.assign(this, { resumedAt: time.now, pausedFor: ms });
      this.#world.witness.woke(this);
      if (timersFirst) this.#tick();
      for (const input of this.#inbox.splice(0)) {
        if (input.type === "frame") this.#frame(input.conn);
        else if (input.type === "lost") this.lost(input.conn, input.code);
        else this.#input(input);
      }
      this.#arm();
    });
  }

  partition(ms) {
    if (this.isPartitioned) return;
    const from = this.#world.time.now;
    this.isPartitioned = true;
    this.#world.witness.cutOff(this);
    this.unsubscribe();
    this.#world.time.after(ms, () => {
      this.isPartitioned = false;
      this.#disturbed(from);
      this.subscribe();
    });
  }

  /** The connection of its subscription breaks, alone. */
  interrupt(ms) {
    this.unsubscribe();
    this.#world.time.after(ms, () => this.subscribe());
  }

  unsubscribe() {
    this.isSubscribed = false;
  }

  /** Subscribes again, where it reaches the store. */
  subscribe() {
    const { time, store, between } = this.#world;
    time.after(between(1, RECONNECTED), () => {
      if (this.isPartitioned || store.isClosed || !this.isAlive) return;
      this.isSubscribed = true;
      Object.assign(this, { subscribedAt: time.now, disturbedUntil: time.now });
      this.hears();
    });
  }

  /** Messages arrive again: some clients tell at once, the others by a message of the process to itself. */
  hears() {
    const { time, chance, between } = this.#world;
    time.after(chance(0.5) ? between(0.1, 3) : between(0, NOTICED), () => this.#input({ type: "resumed" }));
  }

  /** Dies. The sockets close at once, or after `linger` ms if the machine is lost. */
  kill(linger = 0) {
    if (!this.isAlive) return;
    const world = this.#world;
    this.isAlive = false;
    world.witness.cutOff(this);
    this.killedAt = world.time.now;
    world.store.unsubscribe(this);
    world.time.cancel(this.#timer);
    if (linger > 0) world.witness.abandoned(this, RETAKEN);
    for (const { conn } of this.sessions.values()) {
      if (conn !== undefined) world.time.after(linger, () => world.cloud.closed(conn));
    }
  }

  leave() {
    if (!this.isAlive || this.isLeft || this.state.isLeaving) return;
    this.#world.witness.abandoned(this, HANDED);
    this.#input({ type: "leave" });
  }

  /** Frame of the cloud on a connection. */
  frame(conn) {
    if (!this.isAlive) return;
    if (this.isPaused) this.#inbox.push({ type: "frame", conn });
    else this.#frame(conn);
  }

  #frame(conn) {
    const session = this.sessions.get(conn.hold);
    if (session === undefined || session.isEnded || session.conn !== conn) return;
    if (!mayPass(this.state, this.clocks())) return this.#input({ type: "wake" });
    this.#world.witness.acted(this, session);
  }

  /** Closure of a connection by the cloud or the network. */
  lost(conn, code) {
    const session = this.sessions.get(conn.hold);
    if (session?.conn !== conn) return;
    if (this.isPaused) return void this.#inbox.push({ type: "lost", conn, code });
    session.conn = undefined;
    if (session.isEnded) return;
    if (code === 4009) this.#over(session, "superseded");
    else if (code === 1006) this.#dial(session);
    else this.#closed(session);
  }

  /** The cloud has closed a connection, perhaps before its last request. */
  #closed(session) {
    const { sessionId, unheard } = session;
    this.#over(session, "ended");
    const again = servedAgain(unheard, "Normal", this.#world.time.now);
    if (again === undefined) return;
    const request = { sessionId, userId: sessionId, url: "", at: again.at, isAgain: true };
    this.request("start", request, () => {});
  }

  #disturbed(from) {
    this.disturbances.push([from, this.#world.time.now]);
    this.disturbedUntil = this.#world.time.now;
  }

  #input(input) {
    if (!this.isAlive || this.isLeft) return;
    if (this.isPaused) return void this.#inbox.push(input);
    const outputs = step(this.state, input, this.clocks());
    for (const output of outputs) this.#carryOut(output);
    this.#world.witness.stepped(this);
    this.#arm();
  }

  #arm() {
    const { time } = this.#world;
    const at = this.isAlive && !this.isPaused ? deadline(this.state) : Infinity;
    if (at === Infinity) return time.cancel(this.#timer);
    time.set(this.#timer, Math.max(at - (time.now - this.#frozen), 0.01));
  }

  #tick() {
    this.#input({ type: "timer" });
  }

  #carryOut(output) {
    const { store, witness } = this.#world;
    switch (output.type) {
      case "command":
        return store.call(this, output.name, output.args, (result) =>
          this.#input({ type: "answer", id: output.id, result }),
        );
      case "begin":
        return this.#begin(output);
      case "serve":
        return this.#serve(output);
      case "end": {
        const session = this.sessions.get(output.hold);
        if (session !== undefined && !session.isEnded) return this.#end(session, output.reason);
        return this.#input({ type: "over", hold: output.hold, wasOpen: false });
      }
      case "redial": {
        const session = this.sessions.get(output.hold);
        return session && this.#redial(session);
      }
      case "handOver":
        return this.#handOver(this.sessions.get(output.hold));
      case "answer":
        this.#answers.get(output.id)?.(output.answer);
        return void this.#answers.delete(output.id);
      case "local":
        return this.#local(output);
      case "left":
        return this.#world.left(this);
      case "count":
        return witness.counted(this, output);
    }
  }

  #begin({ hold, sessionId, number, at, reply, previous }) {
    this.#world.witness.began(this, { sessionId, reply });
    const session = {
      hold,
      sessionId,
      number,
      at,
      previous,
      isGiven: false,
      isEnded: false,
      replies: [reply],
    };
    this.sessions.set(hold, session);
    const { time } = this.#world;
    const older = [...this.sessions.values()].filter(
      (each) => each.isStopping && each.sessionId === sessionId,
    );
    const since = time.now;
    const dial = () => {
      if (session.isEnded || !this.isAlive) return;
      const waits = older.some((each) => each.isStopping) && time.now - since < PREVIOUS;
      if (waits) time.after(10, dial);
      else this.#dial(session);
    };
    dial();
  }

  #dial(session) {
    const { time, cloud, between, chance } = this.#world;
    session.connectedAt = undefined;
    const generation = (session.generation = (session.generation ?? 0) + 1);
    const connect = () => {
      if (session.isEnded || !this.isAlive || session.generation !== generation) return;
      if (this.isPaused) return void time.after(50, connect);
      if (session.conn !== undefined) cloud.closed(session.conn);
      session.conn = cloud.connect(this, session);
      if (session.conn === undefined) this.#over(session, "refused");
      else this.#acked(session);
    };
    const isSlow = chance(this.#world.slow);
    if (isSlow) cloud.user(session.sessionId).slowAt = time.now;
    time.after(isSlow ? between(1000, 3000) : between(3, 80), connect);
  }

  #acked(session) {
    const { time, witness } = this.#world;
    session.connectedAt = time.now;
    if (!session.isGiven) {
      session.isGiven = true;
      witness.given(this, session);
    }
    this.#input({ type: "connected", hold: session.hold, sessionId: session.sessionId });
    for (const id of session.replies.splice(0)) this.#result(id, 200);
  }

  #serve({ hold, at, reply }) {
    const session = this.sessions.get(hold);
    if (session === undefined || session.isEnded) return this.#result(reply, 502);
    if (session.connectedAt === undefined) return void session.replies.push(reply);
    const { now } = this.#world.time;
    if (now - session.connectedAt <= 5000) {
      session.unheard = unheardBefore(session.at, { at }, now) ?? session.unheard;
      const isUnheard = isSinceAck(session.connectedAt, { at }) && !this.#world.cloud.hears(session.conn);
      if (isUnheard) return this.#startAnew(session, { at, reply }, ANSWERED);
      return this.#result(reply, 200);
    }
    session.replies.push(reply);
    this.#dial(session);
  }

  /** Starts a session anew on whose connection the cloud does not answer within some time. */
  #startAnew(session, { at, reply }, ms) {
    const { sessionId, generation } = session;
    this.#world.time.after(ms, () => {
      if (this.isPaused) return this.#startAnew(session, { at, reply }, 20);
      if (session.isEnded || session.generation !== generation) return this.#result(reply, 200);
      this.#over(session, "stopped");
      const request = { sessionId, userId: sessionId, url: "", at, isAgain: true };
      this.request("start", request, ({ status }) => this.#result(reply, status));
    });
  }

  #redial(session) {
    if (!session.isEnded && session.connectedAt !== undefined) this.#dial(session);
  }

  #result(id, status) {
    if (id !== undefined) this.#input({ type: "result", id, answer: { status } });
  }

  /** The app ends a session of a user, with a goodbye to the cloud. */
  endSession(user) {
    const session = this.session(user.sessionId);
    if (!this.isAlive || this.isPaused || session?.conn === undefined || session.conn !== user.attached)
      return;
    this.#world.cloud.released(user);
    this.#over(session, "closed");
  }

  /** The session has ended by itself. */
  #over(session, why) {
    const { hold, sessionId, isLeaving } = session;
    // The end of its hand-over is told in any case.
    if (!isLeaving) this.#input({ type: "ended", hold, sessionId, why });
    this.#end(session, why);
  }

  #end(session, reason) {
    if (session.isEnded) return;
    const { time, cloud, witness, between } = this.#world;
    session.isEnded = true;
    const { conn, hold } = session;
    session.conn = undefined;
    if (conn !== undefined) cloud.closed(conn);
    for (const id of session.replies.splice(0)) this.#result(id, 502);
    session.isStopping = session.isGiven;
    const stopped = () => {
      if (!this.isAlive) return;
      if (this.isPaused) return void time.after(20, stopped);
      session.isStopping = false;
      if (session.isGiven) witness.stopped(this, session, reason);
      this.sessions.delete(hold);
      this.#input({ type: "over", hold, wasOpen: conn !== undefined });
    };
    if (session.isGiven) time.after(between(0, 200), stopped);
    else stopped();
  }

  #handOver(session) {
    if (session === undefined) return;
    const { time, between, cloud, witness } = this.#world;
    session.isLeaving = true;
    const give = () => {
      if (!this.isAlive) return;
      // It has ended by itself.
      if (session.isStopping) return void time.after(10, give);
      const { conn, hold, sessionId } = session;
      if (!session.isEnded) {
        session.isEnded = true;
        session.conn = undefined;
        if (session.isGiven) witness.stopped(this, session, "handover");
        if (conn !== undefined) cloud.closed(conn);
        for (const id of session.replies.splice(0)) this.#result(id, 502);
        this.sessions.delete(hold);
      }
      this.#input({ type: "handedOver", hold, sessionId, previous: { from: this.instance } });
    };
    time.after(between(1, 300), give);
  }
}
