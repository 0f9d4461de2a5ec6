/** Photos and tool calls that arrive at any process, and the invariants about them. */

/** Time in which a call is answered, ms: the longest pause before it, and its answer. */
const ANSWERED = 30_000;
/** Time for which processes were well around a call that must succeed, ms. */
const WELL = 4000;
/** Longest time for which a process goes by the store's clock as it has heard it, ms. */
const KNOWN = 5000;

export class Calls {
  /** Calls that were not judged yet, by name. */
  #open = new Map();
  #next = 1;
  #world;

  constructor(world) {
    this.#world = world;
  }

  /** The glasses upload a photo for which a process waits. */
  photo() {
    const { pick } = this.#world;
    const owner = pick(this.#world.alive());
    const receiver = pick(this.#world.alive());
    if (owner === undefined) return;
    const requestId = `${owner.instance}.${this.#next++}`;
    const call = this.#begin(requestId, [owner, receiver]);
    const isKnown = owner === receiver || receiver.state.peers.has(owner.instance);
    owner.photos.add(requestId);
    receiver.upload(owner.instance, requestId, (answer) => (call.status = answer?.status));
    this.#after(WELL, call, (wasQuiet) => {
      if (!wasQuiet || !isKnown || (call.status === 200 && call.runs[0] === owner)) return;
      this.#world.witness.fail(`the photo ${requestId} was answered with ${call.status}`);
    });
  }

  /** The cloud calls a tool. */
  tool() {
    const { pick, users, processes } = this.#world;
    const receiver = pick(this.#world.alive());
    if (receiver === undefined) return;
    const name = `tool ${this.#next++}`;
    const call = this.#begin(name, processes);
    receiver.forward(pick(users), name);
    this.#after(WELL, call, (wasQuiet) => {
      if (wasQuiet && call.runs.length === 0) this.#world.witness.fail(`the ${name} was not called`);
    });
  }

  /** A process carries a call out. */
  ran(process, name) {
    const call = this.#open.get(name);
    call?.runs.push(process);
    if (call?.runs.length > 1 && !this.#wasCut(call)) {
      this.#world.witness.fail(`${name} was carried out by ${call.runs.map(({ instance }) => instance)}`);
    }
  }

  /** True if a message about a call may have been lost, or have come too late unnoticed. */
  #wasCut({ processes, at }) {
    const { wasLossy, wasDeaf, store } = this.#world;
    const wasApart = ({ isSubscribed, subscribedAt }) => !isSubscribed || subscribedAt > at;
    const isSet = store.clockSetAt > at - KNOWN;
    return wasLossy || wasDeaf || isSet || store.isAway || store.since > at || processes.some(wasApart);
  }

  #begin(name, processes) {
    const call = { processes, at: this.#world.time.now, runs: [], status: undefined };
    this.#open.set(name, call);
    this.#world.time.after(ANSWERED, () => this.#open.delete(name));
    return call;
  }

  /** Judges a call after some time. Nothing must have disturbed its processes since before it. */
  #after(ms, { processes, at }, judge) {
    const { time, witness, store } = this.#world;
    time.after(ms, () => {
      const { wasLossy, wasDeaf } = this.#world;
      const areWell = processes.every(
        (each) => (!each.isAlive && each.killedAt < at) || (witness.isWell(each, 2 * ms) && !each.isLeft),
      );
      judge(areWell && !wasLossy && !wasDeaf && store.clockSetAt < at - KNOWN);
    });
  }
}
