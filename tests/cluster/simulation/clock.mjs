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

  /** Calls a function after `ms`. Returns an entry that can be cancelled. */
  after(ms, run) {
    const entry = { at: this.now + ms, order: this.#order++, run };
    const heap = this.#heap;
    let i = heap.push(entry) - 1;
    while (i > 0) {
      const up = (i - 1) >> 1;
      if (!before(heap[i], heap[up])) break;
      [heap[i], heap[up]] = [heap[up], heap[i]];
      i = up;
    }
    return entry;
  }

  cancel(entry) {
    if (entry !== undefined) entry.run = undefined;
  }

  runUntil(end) {
    while (this.#heap.length > 0 && this.#heap[0].at <= end) {
      const { at, run } = this.#pop();
      this.now = at;
      run?.();
    }
    this.now = end;
  }

  #pop() {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (heap.length === 0) return first;
    heap[0] = last;
    for (let i = 0; ;) {
      let child = 2 * i + 1;
      if (child + 1 < heap.length && before(heap[child + 1], heap[child])) child += 1;
      if (child >= heap.length || !before(heap[child], heap[i])) return first;
      [heap[i], heap[child]] = [heap[child], heap[i]];
      i = child;
    }
  }
}

function before(one, other) {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}
