/**
 * Wires the page together: the dashboard's events go to the books, the picture and the lists;
 * what the cloud received goes to the glasses.
 */
import { Announcer } from "./announcer.js";
import { followCloud } from "./cloud-feed.js";
import { BUTTONS, CAPTIONS, Dashboard, PACKAGE_NAME, STREAMS } from "./dashboard.js";
import { byId, write } from "./dom.js";
import { EventsLog } from "./events-log.js";
import { Faults } from "./faults.js";
import { Glasses } from "./glasses.js";
import { Ledger } from "./ledger.js";
import { Payloads } from "./payloads.js";
import { plain } from "./plain.js";
import { QueueView } from "./queue-view.js";
import { RandomView } from "./random/view.js";
import { Scenarios } from "./scenarios.js";
import { SessionView } from "./session-view.js";
import { AsText } from "./timeline/as-text.js";
import { Picture } from "./timeline/picture.js";

const EVENTS_KEPT = 1000;
const SMOOTH_MS = 100;
const CALM_MS = 1000;
/** The cloud tells of a fault that this page asked for soon after it was asked. */
const OWN_FAULT_MS = 2000;

async function start() {
  const { TpaSession } = await import("/pkg/index.js");
  const page = new Page(TpaSession);
  // What is thrown in a handler, and whatever else nobody caught, counts as an error of the demo.
  window.addEventListener("error", (event) => page.heard("error", event.error ?? new Error(event.message)));
  window.addEventListener("unhandledrejection", (event) => page.heard("error", event.reason));
  await page.run();
}

class Page {
  // One user for each load of the page: two tabs with one session would supersede each other.
  #sessionId = `user${crypto.getRandomValues(new Uint32Array(1))[0]?.toString(36)}-${PACKAGE_NAME}`;
  /** @type {{ at: number, event: string, payload: unknown }[]} */
  #events = [];
  /** @type {{ level: string, line: string }[]} */
  #lines = [];
  #heardOf = { [CAPTIONS]: 0, [BUTTONS]: 0 };
  /** @type {{ fault: string, at: number }[]} */
  #ownFaults = [];
  #announcer = new Announcer();
  #glasses = new Glasses();
  #ledger = new Ledger();
  #log = new EventsLog();
  #payloads = new Payloads();
  #picture = new Picture(/** @type {any} */ (byId("timeline")));
  #scenarios = new Scenarios(this.#sessionId);
  #faults = new Faults(this.#sessionId, ({ fault, forMs }, label) => {
    this.#ownFaults.push({ fault, at: performance.now() });
    if (label) this.#picture.fault(label, /** @type {number | undefined} */ (forMs));
  });
  #dashboard;
  #session;
  #queue;
  #random;
  #asText;

  /** @param {typeof import("../pkg-template/index.d.ts").TpaSession} TpaSession */
  constructor(TpaSession) {
    const url = new URL("/tpa-ws", location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const where = { url: url.href, sessionId: this.#sessionId };
    this.#dashboard = new Dashboard(TpaSession, where, {
      event: (name, payload) => this.heard(name, payload),
      send: (what, result) => {
        this.#ledger.send(what, result);
        this.#picture.message(what.key, result);
        this.#queue.update();
      },
      dropped: (what, reason) => {
        this.#ledger.drop(what, reason);
        this.#picture.message(what.key, "dropped");
      },
      logger: {
        error: (line) => this.#logged("error", line),
        warn: (line) => this.#logged("warn", line),
        info: (line) => this.#logged("info", line),
        debug: (line) => this.#logged("debug", line),
      },
    });
    this.#session = new SessionView(this.#dashboard);
    this.#queue = new QueueView(this.#ledger, this.#dashboard, (fault, how) =>
      this.#faults.inject(fault, how),
    );
    this.#random = new RandomView(this.#dashboard, this.#faults, this.#glasses);
    this.#asText = new AsText(this.#dashboard);
  }

  async run() {
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    window.setInterval(() => this.#tick(), calm ? CALM_MS : SMOOTH_MS);
    followCloud(this.#sessionId, {
      received: (what, isNew) => this.#glasses.show(what, isNew),
      fault: ({ fault, forMs }) => this.#faultDone(fault, forMs),
      scenario: (phase) => this.#scenarios.phase(phase),
    });
    const random = this.#random;
    // For a look from the console, and for the end-to-end tests.
    window.demo = {
      sessionId: this.#sessionId,
      events: this.#events,
      lines: this.#lines,
      get run() {
        return random.run;
      },
    };
    this.#session.connect();
    const seed = new URL(location.href).searchParams.get("seed");
    const canPlay = await this.#scenarios.load();
    if (canPlay && seed) await this.#scenarios.playSeed(Number(seed));
  }

  /**
   * @param {string} event
   * @param {any} payload
   */
  heard(event, payload) {
    const copy = plain(payload);
    this.#ledger.event(event, copy, performance.now());
    this.#session.event(event, copy);
    this.#random.run?.event(event, copy);
    this.#draw(event, copy);
    const entry = { at: Date.now(), event, payload: copy };
    this.#events.push(entry);
    if (this.#events.length > EVENTS_KEPT) this.#events.shift();
    this.#queue.update();
    this.#payloads.add(entry);
    // The streams would push the events of the connection out of the list.
    if (!STREAMS.includes(event)) return this.#log.add(entry);
    this.#heardOf[event] += 1;
    write("captions-heard", String(this.#heardOf[CAPTIONS]));
    write("presses", String(this.#heardOf[BUTTONS]));
  }

  /**
   * The package's log, which an app without a page of its own finds in the console.
   *
   * @param {string} level
   * @param {string} line
   */
  #logged(level, line) {
    this.#lines.push({ level, line });
    if (this.#lines.length > EVENTS_KEPT) this.#lines.shift();
    this.#log.add({ at: Date.now(), event: `log: ${level}`, payload: line });
  }

  /**
   * @param {string} event
   * @param {any} payload
   */
  #draw(event, payload) {
    if (event === "stateChange") {
      this.#picture.state(payload.to);
      this.#announcer.state(payload.to);
    }
    if (event === "disconnected") this.#picture.closure(String(payload.code));
    if (event === "reconnecting") this.#picture.wait(payload.attempt, payload.delay);
    if (event === "connecting" && payload.attempt > 0) this.#picture.dial(payload.attempt);
  }

  /**
   * The cloud has done a fault: one of a plan's that it plays, or one that this page asked for,
   * which is on the picture already.
   *
   * @param {string} fault
   * @param {number | undefined} forMs
   */
  #faultDone(fault, forMs) {
    if (fault === "clear") this.#picture.clearFaults();
    const now = performance.now();
    this.#ownFaults = this.#ownFaults.filter(({ at }) => now - at < OWN_FAULT_MS);
    const own = this.#ownFaults.findIndex((asked) => asked.fault === fault);
    if (own >= 0) this.#ownFaults.splice(own, 1);
    else if (this.#scenarios.isPlaying && fault !== "clear") {
      this.#picture.fault(fault.replaceAll("_", " "), forMs);
      this.#scenarios.step(fault);
    }
  }

  #tick() {
    const stats = this.#dashboard.stats;
    if (stats) this.#picture.heartbeat(stats);
    this.#picture.tick();
    this.#glasses.tick();
    this.#session.tick();
    this.#queue.tick();
    this.#random.tick();
    this.#scenarios.tick();
    this.#asText.tick();
  }
}

start().catch((error) => {
  write("notice", `The demo cannot start: ${error.message}`);
  byId("notice").hidden = false;
});
