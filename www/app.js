/**
 * Entry of the demo page. Passes the session's events to the counters, the chart and the lists, and
 * the messages that the cloud received to the glasses.
 */
import { Announcer } from "./announcer.js";
import { chooseCloud } from "./cloud/choice.js";
import { followCloud } from "./cloud/feed.js";
import { BUTTONS, CAPTIONS, Dashboard, PACKAGE_NAME, STREAMS } from "./dashboard.js";
import { byId, write } from "./dom.js";
import { EventsLog } from "./events-log.js";
import { directed } from "./fault-catalog.js";
import { FaultPanel } from "./fault-panel.js";
import { Glasses } from "./glasses.js";
import { MessageStats } from "./message-stats.js";
import { EventCards } from "./event-cards.js";
import { toJson } from "./to-json.js";
import { QueueView } from "./queue-view.js";
import { RandomView } from "./random/view.js";
import { ScenarioPanel } from "./scenario-panel.js";
import { SessionView } from "./session-view.js";
import { Chart } from "./timeline/chart.js";
import { showLegend } from "./timeline/legend.js";
import { TextLog } from "./timeline/text-log.js";

const MAX_EVENTS = 1000;
const TICK_MS = 100;
/** For users who prefer reduced motion. */
const SLOW_TICK_MS = 1000;
/** Longest time from a request for a fault to its event from the cloud. */
const OWN_FAULT_MS = 2000;

async function start() {
  const { TpaSession } = await import("./pkg/index.js");
  const page = new Page(TpaSession, await chooseCloud());
  // Uncaught exceptions, including those thrown by handlers, count as errors of the demo.
  window.addEventListener("error", (event) => page.onEvent("error", event.error ?? new Error(event.message)));
  window.addEventListener("unhandledrejection", (event) => page.onEvent("error", event.reason));
  await page.run();
}

class Page {
  // A new user for each load: two tabs with the same session would supersede each other.
  #sessionId = `user${crypto.getRandomValues(new Uint32Array(1))[0]?.toString(36)}-${PACKAGE_NAME}`;
  /** @type {{ at: number, event: string, payload: unknown }[]} */
  #events = [];
  /** @type {{ level: string, line: string }[]} */
  #lines = [];
  /** @type {Record<string, number>} events received, by stream */
  #received = { [CAPTIONS]: 0, [BUTTONS]: 0 };
  /** @type {{ fault: string, at: number }[]} */
  #ownFaults = [];
  #announcer = new Announcer();
  #glasses = new Glasses();
  #messages = new MessageStats();
  #log = new EventsLog();
  #eventCards = new EventCards();
  #chart = new Chart(/** @type {any} */ (byId("timeline")));
  #cloud;
  #scenarios;
  #faults;
  #dashboard;
  #session;
  #queue;
  #random;
  #textLog;

  /**
   * @param {typeof import("../pkg-template/types/index.js").TpaSession} TpaSession
   * @param {import("./cloud/client.js").CloudClient} cloud
   */
  constructor(TpaSession, cloud) {
    this.#cloud = cloud;
    this.#scenarios = new ScenarioPanel(cloud, this.#sessionId);
    this.#faults = new FaultPanel(cloud, this.#sessionId, (request, label) =>
      this.#onRequest(request, label),
    );
    const target = { url: cloud.socketUrl, WebSocket: cloud.WebSocket, sessionId: this.#sessionId };
    this.#dashboard = new Dashboard(TpaSession, target, {
      event: (name, payload) => this.onEvent(name, payload),
      send: (message, result) => {
        this.#messages.send(message, result);
        this.#chart.message(message.key, result);
        this.#queue.update();
      },
      dropped: (message, reason) => {
        this.#messages.drop(message, reason);
        this.#chart.message(message.key, "dropped");
      },
      logger: {
        error: (line) => this.#onLog("error", line),
        warn: (line) => this.#onLog("warn", line),
        info: (line) => this.#onLog("info", line),
        debug: (line) => this.#onLog("debug", line),
      },
    });
    this.#session = new SessionView(this.#dashboard);
    this.#queue = new QueueView(this.#messages, this.#dashboard, (fault, options) =>
      this.#faults.inject(fault, options),
    );
    this.#random = new RandomView(cloud, this.#dashboard, this.#faults, this.#glasses);
    this.#textLog = new TextLog(this.#dashboard);
  }

  async run() {
    showLegend();
    const reducedMotion = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    window.setInterval(() => this.#tick(), reducedMotion ? SLOW_TICK_MS : TICK_MS);
    followCloud(this.#cloud, this.#sessionId, {
      received: (content, isNew) => this.#glasses.show(content, isNew),
      fault: (applied) => this.#onFault(applied),
      scenario: (phase) => this.#scenarios.phase(phase),
    });
    const random = this.#random;
    // For the developer console and the end-to-end tests.
    window.demo = {
      sessionId: this.#sessionId,
      events: this.#events,
      lines: this.#lines,
      get run() {
        return random.run;
      },
    };
    // A closed tab must not leave a plan behind that plays on.
    window.addEventListener("pagehide", () => this.#scenarios.leave());
    this.#session.connect();
    const seed = new URL(location.href).searchParams.get("seed");
    const hasScenarios = await this.#scenarios.load();
    if (hasScenarios && seed) await this.#scenarios.playSeed(Number(seed));
  }

  /**
   * @param {string} event
   * @param {any} payload
   */
  onEvent(event, payload) {
    const copy = toJson(payload);
    this.#messages.event(event, copy, performance.now());
    this.#session.event(event, copy);
    this.#random.run?.event(event, copy);
    this.#draw(event, copy);
    const entry = { at: Date.now(), event, payload: copy };
    this.#events.push(entry);
    if (this.#events.length > MAX_EVENTS) this.#events.shift();
    this.#queue.update();
    this.#eventCards.add(entry);
    // Events of streams are only counted; they would push all others out of the list.
    if (!STREAMS.includes(event)) return this.#log.add(entry);
    this.#received[event] = (this.#received[event] ?? 0) + 1;
    write("captions-received", String(this.#received[CAPTIONS]));
    write("presses", String(this.#received[BUTTONS]));
  }

  /**
   * Shows a line of the package's log, which goes to the console by default.
   *
   * @param {string} level
   * @param {string} line
   */
  #onLog(level, line) {
    this.#lines.push({ level, line });
    if (this.#lines.length > MAX_EVENTS) this.#lines.shift();
    this.#log.add({ at: Date.now(), event: `log: ${level}`, payload: line });
  }

  /**
   * @param {string} event
   * @param {any} payload
   */
  #draw(event, payload) {
    if (event === "stateChange") {
      this.#glasses.tick(payload.to === "connected");
      this.#chart.state(payload.to);
      this.#announcer.state(payload.to);
    }
    if (event === "disconnected") this.#chart.closure(String(payload.code));
    if (event === "reconnecting") this.#chart.wait(payload.attempt, payload.delay);
    if (event === "connecting" && payload.attempt > 0) this.#chart.dial(payload.attempt);
  }

  /**
   * Notes a fault that this page requests. Returns the function to be called with its outcome.
   *
   * @param {{ fault: string, forMs?: unknown }} request
   * @param {string} label
   */
  #onRequest({ fault, forMs }, label) {
    const own = { fault, at: performance.now() };
    this.#ownFaults.push(own);
    return (/** @type {boolean} */ applied) => {
      if (!applied) this.#ownFaults = this.#ownFaults.filter((requested) => requested !== own);
      else if (label) this.#chart.fault(label, /** @type {number | undefined} */ (forMs), own.at);
    };
  }

  /**
   * Handles a fault that the cloud applied: a step of a scenario, or one that this page requested and
   * that is on the chart already.
   *
   * @param {import("./cloud/feed.js").FaultApplied} applied
   */
  #onFault({ fault, direction, forMs }) {
    if (fault === "clear") this.#chart.clearFaults();
    const now = performance.now();
    this.#ownFaults = this.#ownFaults.filter(({ at }) => now - at < OWN_FAULT_MS);
    const own = this.#ownFaults.findIndex((requested) => requested.fault === fault);
    if (own >= 0) this.#ownFaults.splice(own, 1);
    else if (this.#scenarios.isPlaying && fault !== "clear") {
      this.#chart.fault(directed(fault.replaceAll("_", " "), direction), forMs);
      this.#scenarios.step(fault);
    }
  }

  #tick() {
    const stats = this.#dashboard.stats;
    if (stats) this.#chart.heartbeat(stats);
    this.#chart.tick();
    this.#glasses.tick(this.#session.isConnected);
    this.#session.tick();
    this.#queue.tick();
    this.#random.tick();
    this.#scenarios.tick();
    this.#textLog.tick();
  }
}

start().catch((error) => {
  write("notice", `The demo cannot start: ${error.message}`);
  byId("notice").hidden = false;
});
