/** Code of the app may call any method and may throw, wherever the session calls it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";

import { ENTRY, PACKAGE } from "../support/paths.mjs";

const { TpaSession } = await import(pathToFileURL(join(PACKAGE, `${ENTRY}.js`)).href);

const ID = "user-org.example.app";
const EVENTS = [
  "connecting",
  "connected",
  "disconnected",
  "reconnecting",
  "stateChange",
  "error",
  "sent",
  "dropped",
  "tpa_connection_ack",
];
const OPTIONS = ["logger", "shouldReconnect", "apiKey", "augmentOSWebsocketUrl"];
const SOCKET = ["constructor", "send", "close"];

/** Actions of the code of the app. */
const ACTIONS = {
  "calls every method that leaves the connection alone": (session) => {
    const handler = () => {};
    session.on("stateChange", handler)();
    session.once("stateChange", handler);
    session.off("stateChange", handler);
    session.off("stateChange", handler);
    session.send({ type: "custom" });
    session.subscribe("head_position");
    session.unsubscribe("head_position");
    session.reconnectNow();
    session.flush().catch(() => {});
    void [session.state, session.sessionId, session.subscriptions];
    void [session.stats, session.timeline()];
  },
  "calls disconnect()": (session) => session.disconnect(),
  "calls free()": (session) => session.free(),
  "calls connect()": (session) => void session.connect(ID).catch(() => {}),
  "calls connect() with another id": (session) => void session.connect("other-a").catch(() => {}),
  "disconnects and connects again": (session) => {
    session.disconnect();
    session.connect(ID).catch(() => {});
  },
  throws: () => {
    throw new Error("from the app");
  },
};

const uncaught = [];
let listeners;

before(() => {
  listeners = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  process.on("uncaughtException", (error) => uncaught.push(error));
});

after(() => {
  process.removeAllListeners("uncaughtException");
  for (const listener of listeners) process.on("uncaughtException", listener);
});

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Starts a session whose app performs one action, the first time that it is called at a given place. */
function start(place, action) {
  const run = { done: false, socket: undefined };
  const at = (here) => {
    if (here !== place || run.done || run.session === undefined) return;
    run.done = true;
    try {
      action(run.session);
    } catch (error) {
      // Recorded here, because the session may catch it.
      run.thrown = error.message;
      throw error;
    }
  };

  class Socket {
    readyState = 0;
    constructor() {
      at("constructor");
      run.socket = this;
    }
    send() {
      at("send");
    }
    close() {
      this.readyState = 3;
      at("close");
    }
  }

  const log = () => at("logger");
  const provided = { apiKey: "dev-key", augmentOSWebsocketUrl: "ws://host/" };
  const answer = provided[place];
  if (answer !== undefined) provided[place] = () => (at(place), answer);
  run.session = new TpaSession({
    packageName: "a",
    ...provided,
    WebSocket: Socket,
    logLevel: "debug",
    logger: { error: log, warn: log, info: log, debug: log },
    shouldReconnect: () => at("shouldReconnect"),
    reconnectDelay: 0,
    maxQueuedMessages: 1,
  });
  run.failures = [];
  run.session.on("error", ({ code, message }) => code === "HANDLER_FAILED" && run.failures.push(message));
  for (const event of EVENTS) run.session.on(event, () => at(event));
  return run;
}

/** Opens the newest socket and sends an ack, unless that has already happened. */
function accept({ socket }) {
  if (socket?.readyState !== 0) return;
  socket.readyState = 1;
  socket.onopen?.({});
  socket.onmessage?.({ data: '{"type":"tpa_connection_ack"}' });
}

/** Runs a session through every event. */
async function through(run) {
  const { session } = run;
  session.connect(ID).catch(() => {});
  await turn();
  accept(run);
  run.socket?.onmessage?.({ data: "no JSON" });
  run.socket?.onclose?.({ code: 1006 });
  session.send({ type: "custom" });
  session.send({ type: "custom" });
  session.reconnectNow();
  await turn();
  accept(run);
  session.disconnect();
  await turn();
}

for (const [what, action] of Object.entries(ACTIONS)) {
  test(`code of the app that ${what} has no side effects, wherever it is called`, async () => {
    for (const place of [...EVENTS, ...OPTIONS, ...SOCKET]) {
      uncaught.length = 0;
      const run = start(place, action);
      await through(run);
      assert.ok(run.done, `the run never came to ${place}`);
      assert.equal(run.thrown, what === "throws" ? "from the app" : undefined, place);
      assert.deepEqual(uncaught, [], place);
      // An exception of a handler of `error` is logged only.
      const isTold = what === "throws" && EVENTS.includes(place) && place !== "error";
      assert.deepEqual(run.failures, isTold ? [`the handler of ${place} failed: from the app`] : [], place);

      const again = start("nowhere");
      for (const each of [run, again]) {
        each.session.disconnect();
        each.session.connect(ID).catch(() => {});
        await turn();
        accept(each);
        assert.equal(each.session.state, "connected", place);
        each.session.disconnect();
      }
    }
  });
}
