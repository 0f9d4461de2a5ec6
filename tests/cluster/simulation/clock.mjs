/** Virtual time, and randomness from a seed. */

/** Generator of numbers from 0 to 1 (mulberry32). */
export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export class Timeline {
  now = 0;
  #heap = [];
  #order = 0;

  /** Calls a function after `ms`. */
  after(ms, run) {
    const timer = this.timer(run);
    this.set(timer, ms);
  }

  /** Returns a timer that is not set yet. */
  timer(run) {
    return { at: 0, order: 0, run, index: -1 };
  }

  /** Sets a timer, also one that is set already. */
  set(timer, ms) {
    timer.at = this.now + ms;
    timer.order = this.#order++;
    if (timer.index < 0) timer.index = this.#heap.push(timer) - 1;
    else this.#sink(timer);
    this.#rise(timer);
  }

  cancel(timer) {
    if (timer.index < 0) return;
    const { index } = timer;
    timer.index = -1;
    this.#fill(index);
  }

  runUntil(end) {
    const heap = this.#heap;
    while (heap.length > 0 && heap[0].at <= end) {
      const first = heap[0];
      first.index = -1;
      this.#fill(0);
      this.now = first.at;
      first.run();
    }
    this.now = end;
  }

  /** Closes the gap at an index with the last timer. */
  #fill(index) {
    const last = this.#heap.pop();
    if (index === this.#heap.length) return;
    last.index = index;
    this.#heap[index] = last;
    this.#rise(last);
    this.#sink(last);
  }

  #rise(timer) {
    const heap = this.#heap;
    let { index } = timer;
    while (index > 0) {
      const parent = heap[(index - 1) >> 1];
      if (!before(timer, parent)) break;
      heap[index] = parent;
      [parent.index, index] = [index, parent.index];
    }
    heap[index] = timer;
    timer.index = index;
  }

  #sink(timer) {
    const heap = this.#heap;
    const { length } = heap;
    let { index } = timer;
    for (let child = 2 * index + 1; child < length; child = 2 * index + 1) {
      if (child + 1 < length && before(heap[child + 1], heap[child])) child += 1;
      if (!before(heap[child], timer)) break;
      heap[index] = heap[child];
      heap[index].index = index;
      index = child;
    }
    heap[index] = timer;
    timer.index = index;
  }
}

function before(one, other) {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}
