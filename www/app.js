/**
 * Wires the page together: the dashboard's events go to the books, the picture and the list;
 * what the cloud received goes to the glasses.
 */
import { followCloud } from "./cloud-feed.js";
import { Dashboard, PACKAGE_NAME, STREAMS } from "./dashboard.js";
import { byId } from "./dom.js";
import { EventsLog } from "./events-log.js";
import { setUpFaults } from "./faults.js";
import { Glasses } from "./glasses.js";
import { Ledger } from "./ledger.js";
import { StatusView } from "./status-view.js";
import { Timeline } from "./timeline.js";

const EVENTS_KEPT = 1000;
const SMOOTH_MS = 100;
const CALM_MS = 1000;

// One user for each load of the page: two tabs with one session would supersede each other.
const sessionId = `user${crypto.getRandomValues(new Uint32Array(1))[0].toString(36)}-${PACKAGE_NAME}`;
/** @type {{ at: number, event: string, payload: unknown }[]} */
const events = [];
const ledger = new Ledger();
const timeline = new Timeline(/** @type {any} */ (byId("timeline")));
const glasses = new Glasses();
const log = new EventsLog();
const status = new StatusView(ledger);

/**
 * @param {string} event
 * @param {any} payload
 */
function heard(event, payload) {
  const plain = payload instanceof Error ? { name: payload.name, message: payload.message } : payload;
  ledger.event(event, plain, performance.now());
  status.event(event, plain);
  if (event === "stateChange") timeline.state(plain.to);
  if (event === "reconnecting") timeline.wait(plain.attempt, plain.delay);
  if (event === "connecting" && plain.attempt > 0) timeline.dial(plain.attempt);
  const entry = { at: Date.now(), event, payload: plain };
  events.push(entry);
  if (events.length > EVENTS_KEPT) events.shift();
  // The streams would push the events of the connection out of the list.
  if (!STREAMS.includes(event)) log.add(entry);
}

function tick() {
  timeline.tick();
  glasses.tick();
  status.tick();
}

async function start() {
  // What is thrown in a handler, and whatever else nobody caught, counts as an error of the demo.
  window.addEventListener("error", (event) => heard("error", event.error ?? new Error(event.message)));
  window.addEventListener("unhandledrejection", (event) => heard("error", event.reason));

  const { TpaSession } = await import("/pkg/index.js");
  const url = new URL("/tpa-ws", location.href);
  url.protocol = url.protocol.replace("http", "ws");
  const dashboard = new Dashboard(
    TpaSession,
    { url: url.href, sessionId },
    {
      event: heard,
      send(what, result) {
        ledger.send(what, result);
        timeline.message(result);
        status.sent();
      },
    },
  );

  const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  window.setInterval(tick, calm ? CALM_MS : SMOOTH_MS);
  setUpFaults(sessionId, (label) => timeline.fault(label));
  followCloud(sessionId, (received, isNew) => glasses.show(received, isNew));
  status.control(dashboard);
  // For a look from the console, and for the end-to-end tests.
  window.demo = { sessionId, events };
}

start().catch((error) => status.fail(`The demo cannot start: ${error.message}`));
