/**
 * Tasks of the core: generators that wait for answers of the store, for events and for deadlines.
 *
 * @import { Command, CommandName, Output } from "./io.js"
 *
 * @typedef {{ command: Command, ms: number } | { event: string, ms: number } | { ms: number }} Wait
 * @typedef {Generator<Wait, any, any>} Task a command resumes it with `{ value }`, or `undefined` if it
 *   failed or timed out; an event with true, or false if it timed out
 * @typedef {object} Waiting
 * @property {Task} task
 * @property {number} deadline
 * @property {number} wallDeadline
 * @property {number} command 0 where the task does not wait for an answer
 * @property {string | undefined} event
 * @property {boolean} isOver
 */

/** Longest wait for the store, ms. A command may still be carried out after it. */
export const COMMAND = 1000;

/** The same for a command with a picture, ms: it passes twice within the 10 s that an upload has. */
export const PICTURE = 3500;

/** Shortest wait, ms: one that rounding makes nothing would repeat for ever. */
const SHORTEST = 1;

/**
 * @template {CommandName} Name
 * @param {Name} name
 * @param {Command<Name>["args"]} args
 * @returns {Wait}
 */
export function command(name, ...args) {
  return { command: /** @type {any} */ ({ name, args }), ms: COMMAND };
}

/**
 * @template {CommandName} Name
 * @param {Name} name
 * @param {Command<Name>["args"]} args
 * @returns {Wait}
 */
export function pictureCommand(name, ...args) {
  return { ...command(name, ...args), ms: PICTURE };
}

/** @param {string} event @param {number} ms @returns {Wait} */
export function event(event, ms) {
  return { event, ms };
}

/** @param {number} ms @returns {Wait} */
export function sleep(ms) {
  return { ms };
}

export class Tasks {
  /** Monotonic time, ms. */
  now = 0;
  /** Wall clock, ms: the monotonic one may stand still with its machine. */
  wall = 0;
  /** @type {Output[]} */
  outputs = [];
  /** Tasks that wait for answers, by command. @type {Map<number, Waiting>} */
  #commands = new Map();
  /** Tasks that wait for events. @type {Map<string, Set<Waiting>>} */
  #events = new Map();
  /** Number of tasks that wait for a deadline alone. */
  #sleeping = 0;
  /** Heap by deadline. Entries that are over are removed when they come to the top. @type {Waiting[]} */
  #heap = [];
  #nextCommand = 1;

  /** Starts a task, which runs up to its first wait. @param {Task} task */
  run(task) {
    this.#resume(task, undefined);
  }

  /**
   * Answers a command. An answer after the timeout has no effect, also where the timer is late: much may
   * have happened while the process stood still.
   *
   * @param {number} id
   * @param {{ value: any } | undefined} result
   */
  answer(id, result) {
    const waiting = this.#commands.get(id);
    if (waiting === undefined) return;
    const isInTime = this.now <= waiting.deadline && this.wall <= waiting.wallDeadline;
    this.#forget(waiting);
    this.#resume(waiting.task, isInTime ? result : undefined);
  }

  /** Resumes the tasks that wait for an event. @param {string} event */
  emit(event) {
    const waiting = this.#events.get(event);
    if (waiting === undefined) return;
    for (const each of [...waiting]) {
      // One of those before has emitted the event as well, and this task waits for something else now.
      if (each.isOver) continue;
      this.#forget(each);
      this.#resume(each.task, true);
    }
  }

  /** Resumes the tasks whose deadline has passed. */
  expire() {
    for (let first = this.#top(); first !== undefined && first.deadline <= this.now; first = this.#top()) {
      this.#forget(first);
      this.#resume(first.task, first.command > 0 ? undefined : false);
    }
  }

  /** Time of the earliest deadline, `Infinity` if none is pending. */
  get deadline() {
    return this.#top()?.deadline ?? Infinity;
  }

  /** Number of tasks that wait. */
  get size() {
    let size = this.#sleeping + this.#commands.size;
    for (const each of this.#events.values()) size += each.size;
    return size;
  }

  /** @param {Task} task @param {unknown} value */
  #resume(task, value) {
    const { done, value: wait } = task.next(value);
    if (done) return;
    const { command, event, ms } = /** @type {{ command?: Command, event?: string, ms: number }} */ (wait);
    const longest = Math.max(ms, SHORTEST);
    /** @type {Waiting} */
    const waiting = {
      task,
      deadline: this.now + longest,
      wallDeadline: this.wall + longest,
      command: 0,
      event,
      isOver: false,
    };
    if (command !== undefined) {
      const id = this.#nextCommand++;
      waiting.command = id;
      this.outputs.push({ type: "command", id, ...command });
      this.#commands.set(id, waiting);
    } else if (event !== undefined) {
      const others = this.#events.get(event);
      if (others === undefined) this.#events.set(event, new Set([waiting]));
      else others.add(waiting);
    } else {
      this.#sleeping += 1;
    }
    this.#push(waiting);
  }

  /** @param {Waiting} waiting */
  #forget(waiting) {
    waiting.isOver = true;
    const { command, event } = waiting;
    if (command > 0) return void this.#commands.delete(command);
    if (event === undefined) return void (this.#sleeping -= 1);
    const others = this.#events.get(event);
    others?.delete(waiting);
    if (others?.size === 0) this.#events.delete(event);
  }

  #top() {
    while (this.#heap[0]?.isOver) this.#pop();
    return this.#heap[0];
  }

  /** @param {Waiting} waiting */
  #push(waiting) {
    const heap = this.#heap;
    let at = heap.push(waiting) - 1;
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = /** @type {Waiting} */ (heap[up]);
      if (waiting.deadline >= parent.deadline) break;
      heap[at] = parent;
      at = up;
    }
    heap[at] = waiting;
  }

  #pop() {
    const heap = this.#heap;
    const last = /** @type {Waiting} */ (heap.pop());
    const { length } = heap;
    if (length === 0) return;
    let at = 0;
    for (let child = 1; child < length; child = 2 * at + 1) {
      let least = /** @type {Waiting} */ (heap[child]);
      const right = heap[child + 1];
      if (right !== undefined && right.deadline < least.deadline) {
        least = right;
        child += 1;
      }
      if (least.deadline >= last.deadline) break;
      heap[at] = least;
      at = child;
    }
    heap[at] = last;
  }
}
