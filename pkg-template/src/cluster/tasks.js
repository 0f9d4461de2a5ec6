/**
 * Tasks of the core: generators that wait for answers of the store, for events and for deadlines.
 *
 * @typedef {{ name: string, args: unknown[] }} Command
 * @typedef {{ command: Command, ms: number } | { event: string, ms: number } | { ms: number }} Wait
 * @typedef {Generator<Wait, any, any>} Task a command resumes it with `{ value }`, or `undefined` if it
 *   failed or timed out; an event with true, or false if it timed out
 * @typedef {{ task: Task, deadline: number, wallDeadline: number, key: string, isOver: boolean }} Waiting
 */

/** Longest wait for the store, ms. A command may still be carried out after it. */
export const COMMAND = 1000;

/** Shortest wait, ms: one that rounding makes nothing would repeat for ever. */
const SHORTEST = 1;

/** @param {string} name @param {...unknown} args @returns {Wait} */
export function command(name, ...args) {
  return { command: { name, args }, ms: COMMAND };
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
  /** @type {any[]} */
  outputs = [];
  /** Waiting tasks by key. @type {Map<string, Set<Waiting>>} */
  #waiting = new Map();
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
    const [waiting] = this.#waiting.get(`command ${id}`) ?? [];
    const isInTime =
      waiting !== undefined && this.now <= waiting.deadline && this.wall <= waiting.wallDeadline;
    this.#wake(`command ${id}`, isInTime ? result : undefined);
  }

  /** Resumes the tasks that wait for an event. @param {string} event */
  emit(event) {
    this.#wake(`event ${event}`, true);
  }

  /** Resumes the tasks whose deadline has passed. */
  expire() {
    for (let first = this.#top(); first !== undefined && first.deadline <= this.now; first = this.#top()) {
      this.#forget(first);
      this.#resume(first.task, first.key.startsWith("command ") ? undefined : false);
    }
  }

  /** Time of the earliest deadline, `Infinity` if none is pending. */
  get deadline() {
    return this.#top()?.deadline ?? Infinity;
  }

  /** Number of tasks that wait. */
  get size() {
    let size = 0;
    for (const each of this.#waiting.values()) size += each.size;
    return size;
  }

  /** @param {Task} task @param {unknown} value */
  #resume(task, value) {
    const { done, value: wait } = task.next(value);
    if (done) return;
    const { command, event, ms } = /** @type {{ command?: Command, event?: string, ms: number }} */ (wait);
    let key = `event ${event}`;
    if (command !== undefined) {
      const id = this.#nextCommand++;
      key = `command ${id}`;
      this.outputs.push({ type: "command", id, ...command });
    }
    const longest = Math.max(ms, SHORTEST);
    const [deadline, wallDeadline] = [this.now + longest, this.wall + longest];
    const waiting = { task, deadline, wallDeadline, key, isOver: false };
    const others = this.#waiting.get(key) ?? new Set();
    this.#waiting.set(key, others.add(waiting));
    this.#push(waiting);
  }

  /** @param {string} key @param {unknown} value */
  #wake(key, value) {
    for (const waiting of [...(this.#waiting.get(key) ?? [])]) {
      this.#forget(waiting);
      this.#resume(waiting.task, value);
    }
  }

  /** @param {Waiting} waiting */
  #forget(waiting) {
    waiting.isOver = true;
    const others = this.#waiting.get(waiting.key);
    others?.delete(waiting);
    if (others?.size === 0) this.#waiting.delete(waiting.key);
  }

  #top() {
    while (this.#heap[0]?.isOver) this.#pop();
    return this.#heap[0];
  }

  /** @param {Waiting} waiting */
  #push(waiting) {
    const heap = this.#heap;
    let at = heap.push(waiting) - 1;
    for (let up = (at - 1) >> 1; at > 0 && isBefore(heap, at, up); up = (at - 1) >> 1) {
      swap(heap, at, up);
      at = up;
    }
  }

  #pop() {
    const heap = this.#heap;
    const last = /** @type {Waiting} */ (heap.pop());
    if (heap.length === 0) return;
    heap[0] = last;
    for (let at = 0; ;) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      const child = right < heap.length && isBefore(heap, right, left) ? right : left;
      if (child >= heap.length || !isBefore(heap, child, at)) return;
      swap(heap, at, child);
      at = child;
    }
  }
}

/** @param {Waiting[]} heap @param {number} one @param {number} other */
function isBefore(heap, one, other) {
  return /** @type {Waiting} */ (heap[one]).deadline < /** @type {Waiting} */ (heap[other]).deadline;
}

/** @param {Waiting[]} heap @param {number} one @param {number} other */
function swap(heap, one, other) {
  const kept = /** @type {Waiting} */ (heap[one]);
  heap[one] = /** @type {Waiting} */ (heap[other]);
  heap[other] = kept;
}
