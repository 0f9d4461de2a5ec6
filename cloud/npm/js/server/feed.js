/** `GET /events`: the events for observers, bounded in number and bytes. */

/** Number and bytes of events that a slow observer may lag behind. */
const MAX_EVENTS = 4_096;
const MAX_BYTES = 2 * 1024 * 1024;

/** Bytes of several events that are one write. */
const MAX_WRITE = 16 * 1024;

/** Number of observers. */
const MAX_OBSERVERS = 64;

/** Interval of comments that keep a connection alive, in milliseconds. */
const KEEP_ALIVE_MS = 15_000;

/** @typedef {import("node:http").ServerResponse} ServerResponse */

export class Feed {
  /**
   * The latest events as they are sent, shared by all observers.
   *
   * @type {Buffer[]}
   */
  #events = [];
  #bytes = 0;
  /** Number of events before those that are held. */
  #before = 0;
  #isScheduled = false;
  /** @type {Set<Observer>} */
  #observers = new Set();

  get isObserved() {
    return this.#observers.size > 0;
  }

  /** Number of events so far. */
  get count() {
    return this.#before + this.#events.length;
  }

  /**
   * Adds an event and drops the oldest ones beyond the limits.
   *
   * @param {string} json
   */
  add(json) {
    if (!this.isObserved) return;
    const event = Buffer.from(`data: ${json}\n\n`);
    this.#events.push(event);
    this.#bytes += event.length;
    let dropped = 0;
    while (this.#events.length - dropped > MAX_EVENTS || this.#bytes > MAX_BYTES) {
      this.#bytes -= this.#events[dropped]?.length ?? 0;
      dropped += 1;
    }
    if (dropped > 0) {
      this.#events.splice(0, dropped);
      this.#before += dropped;
    }
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    // After the outputs of the cloud, so that events that belong together are one write.
    queueMicrotask(() => {
      this.#isScheduled = false;
      for (const observer of this.#observers) observer.write();
      this.#forget();
    });
  }

  /** Drops the events that every observer has. */
  #forget() {
    const next = Math.min(this.count, ...[...this.#observers].map((observer) => observer.next));
    const read = next - this.#before;
    if (read <= 0) return;
    for (const event of this.#events.splice(0, read)) this.#bytes -= event.length;
    this.#before = next;
  }

  /**
   * The next events from a number on, those of one write; a number if so many were missed.
   *
   * @param {number} next
   */
  from(next) {
    if (next < this.#before) return this.#before - next;
    let index = next - this.#before;
    /** @type {Buffer[]} */
    const events = [];
    let bytes = 0;
    for (let event; (event = this.#events[index]) !== undefined; index++) {
      bytes += event.length;
      if (events.length > 0 && bytes > MAX_WRITE) break;
      events.push(event);
    }
    return events;
  }

  /**
   * Sends all later events, unless there are too many observers.
   *
   * @param {ServerResponse} response
   */
  observe(response) {
    if (this.#observers.size >= MAX_OBSERVERS) return false;
    const observer = new Observer(this, response);
    this.#observers.add(observer);
    response.on("close", () => {
      observer.end();
      this.#observers.delete(observer);
      this.#forget();
    });
    return true;
  }

  /** Ends the responses of all observers. */
  end() {
    for (const observer of this.#observers) observer.end();
  }
}

class Observer {
  #isBlocked = false;

  /**
   * @param {Feed} feed
   * @param {ServerResponse} response
   */
  constructor(feed, response) {
    this.feed = feed;
    this.response = response;
    this.next = feed.count;
    this.keepAlive = setInterval(() => this.#send(":\n\n"), KEEP_ALIVE_MS);
    response.on("drain", () => {
      this.#isBlocked = false;
      this.write();
    });
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
    // The comment marks the start: the observer receives all later events.
    this.#send(": watching\n\n");
  }

  /** Sends the events that have come in the meantime. The last one for a slow observer is `lagged`. */
  write() {
    while (!this.#isBlocked && !this.response.writableEnded) {
      const events = this.feed.from(this.next);
      if (typeof events === "number") {
        this.#send(`data: ${JSON.stringify({ type: "lagged", missed: events })}\n\n`);
        this.end();
      }
      if (typeof events === "number" || events.length === 0) return;
      this.next += events.length;
      // One is shared with the other observers; short ones are copied.
      this.#send(events.length === 1 && events[0] ? events[0] : Buffer.concat(events));
    }
  }

  /** @param {string | Buffer} part */
  #send(part) {
    if (!this.response.write(part)) this.#isBlocked = true;
  }

  end() {
    clearInterval(this.keepAlive);
    this.next = this.feed.count;
    this.response.end();
  }
}
