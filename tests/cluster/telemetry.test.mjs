/** `tpa-session/telemetry` with OpenTelemetry: metrics and spans of a server, and its log lines as JSON. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { ROOT_CONTEXT, trace } from "@opentelemetry/api";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";

import { PACKAGE, app, ask, control, load, request } from "../package/server-support.mjs";
import { project } from "../package/support.mjs";
import { Cloud } from "../support/cloud.mjs";
import { until } from "../support/until.mjs";
import { metered as meteredBy } from "./metered.mjs";

let place;
let cloud;
let createTpaServer;
let clusters;
let telemetry;

before(async () => {
  place = project({ ws: true });
  cloud = await Cloud.start("--stream-interval", "1h");
  ({ createTpaServer } = load(place, "tpa-session/server"));
  clusters = load(place, "tpa-session/cluster");
  telemetry = load(place, "tpa-session/telemetry");
});
after(() => {
  cloud?.stop();
  place?.remove();
});

/** Metrics of this test. */
const metered = (t) => meteredBy(t, telemetry.recordMetrics);

const websocketUrl = () => `${cloud.url.replace("http", "ws")}/tpa-ws`;

/** Cuts the connections of a user. */
const cut = (userId) =>
  control(cloud.url, "POST", "/faults", { fault: "cut", sessionId: `${userId}-${PACKAGE}` });

/** Starts an app with a session of a user. */
async function started(t, userId, options = {}) {
  const running = await app(createTpaServer, {
    ...options,
    session: { reconnectDelay: 10, ...options.session },
  });
  t.after(() => running.stop());
  const body = request(userId, { augmentOSWebsocketUrl: websocketUrl() });
  assert.deepEqual(await ask(running.webhook, body), { status: "success" });
  return { ...running, session: (await running.nth("onSession", 0)).session };
}

test("metrics: sessions by state, attempts, closures, errors, requests and round trips", async (t) => {
  const value = metered(t);
  const { session, webhook } = await started(t, "ann");
  const inState = (state) => value("tpa.sessions", { package: PACKAGE, state });
  assert.equal(await inState("connected"), 1);
  assert.equal(await inState("waiting"), 0);
  assert.equal(await value("tpa.session.attempts", { package: PACKAGE, reconnect: false }), 1);
  assert.equal(
    await value("tpa.server.request.duration", { route: "webhook", type: "session_request", status: 200 }),
    1,
  );
  await session.flush();
  await until("a round trip", () => value("tpa.session.round_trip", { package: PACKAGE }));
  assert.equal(await value("tpa.session.round_trip", { package: PACKAGE }), 1, "each pong once");

  const again = new Promise((resolve) => session.once("connected", resolve));
  await cut("ann");
  await again;
  assert.equal(await value("tpa.session.attempts", { reconnect: true }), 1);
  assert.equal(await value("tpa.session.closures", { kind: "Abnormal", code: "1006", permanent: false }), 1);

  session.on("battery", () => {
    throw new Error("of the app");
  });
  session.events.emit("battery", {});
  await until("an error", () => value("tpa.session.errors", { code: "HANDLER_FAILED" }));

  assert.equal(await value("tpa.session.queue", { package: PACKAGE }), 0);
  const ended = await ask(webhook, { type: "stop_request", sessionId: session.sessionId, userId: "ann" });
  assert.deepEqual(ended, { status: "success" });
  assert.equal(await inState("connected"), 0);
  assert.equal(await value("tpa.session.closures", { permanent: true }), 1);
  assert.equal(await value("tpa.server.request.duration", { type: "stop_request", status: 200 }), 1);
  await fetch(webhook, { method: "POST", body: "{}" });
  assert.equal(
    await value("tpa.server.request.duration", { route: "webhook", type: "none", status: 415 }),
    1,
  );
  await fetch(webhook.replace("/webhook", "/nothing"));
  assert.equal(await value("tpa.server.request.duration", { route: "other", status: 404 }), 1);
});

test("metrics: the queue, and dropped messages by reason", async (t) => {
  const value = metered(t);
  const { session } = await started(t, "bob", { session: { maxQueuedMessages: 2, reconnectDelay: 60_000 } });
  const waiting = new Promise((resolve) => session.once("reconnecting", resolve));
  await cut("bob");
  await waiting;
  for (const type of ["a", "b", "c"]) session.send({ type });
  assert.equal(await value("tpa.session.queue", { package: PACKAGE }), 2);
  assert.equal(await value("tpa.session.dropped", { package: PACKAGE, reason: "overflow" }), 1);
  assert.equal(await value("tpa.sessions", { state: "waiting" }), 1);
});

test("metrics: a meter that throws disturbs nothing, and one that is stopped records nothing", async (t) => {
  const fail = () => {
    throw new Error("of the meter");
  };
  const added = [];
  // It begins with 0.
  const counter = { add: (value) => void (value > 0 && added.push(value)) };
  const gauge = { addCallback: (callback) => callback({ observe: fail }), removeCallback() {} };
  const meter = { createHistogram: () => ({ record: fail }), createObservableGauge: () => gauge };
  t.after(telemetry.recordMetrics({ ...meter, createCounter: () => ({ add: fail }) }));
  const stop = telemetry.recordMetrics({ ...meter, createCounter: () => counter });
  const { webhook, session } = await started(t, "cal");
  assert.equal(added.length, 1);
  stop();
  await ask(webhook, { type: "stop_request", sessionId: session.sessionId, userId: "cal" });
  assert.equal(session.state, "stopped");
  assert.equal(added.length, 1);
});

test("spans: a request and an attempt, with its failure", async (t) => {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  t.after(telemetry.recordSpans(provider.getTracer("test")));
  const { webhook } = await started(t, "dan");
  const named = (name) => exporter.getFinishedSpans().filter((span) => span.name === name);
  assert.equal(named("tpa connect").length, 1);
  assert.equal(named("tpa connect")[0].attributes["tpa.attempt"], 0);
  const [start] = named("tpa session_request");
  assert.equal(start.attributes["http.response.status_code"], 200);
  assert.equal(start.status.code, 0);

  const refused = request("eve", { augmentOSWebsocketUrl: websocketUrl().replace("/tpa-ws", "/nothing") });
  await ask(webhook, refused);
  await until("a failed attempt", () => named("tpa connect").some(({ status }) => status.code === 2));
  const failed = named("tpa session_request").find(
    ({ attributes }) => attributes["http.response.status_code"] >= 500,
  );
  assert.equal(failed.status.code, 2);
});

/** Two servers of a cluster, of which the second has passed a start on to the first. */
async function passedOn(t, userId, options = {}) {
  const memory = new clusters.MemoryStore();
  const open = (opening) => memory.open(opening);
  const cluster = (name) => clusters.createCluster({ name, open });
  const one = await started(t, userId, { ...options, cluster: cluster("one") });
  const two = await app(createTpaServer, { ...options, cluster: cluster("two") });
  t.after(() => two.stop());
  const body = request(userId, { augmentOSWebsocketUrl: websocketUrl() });
  assert.deepEqual(await ask(two.webhook, body), { status: "success" });
  return { one, two };
}

for (const [name, given] of [
  ["a child of the request with the module of the API", { trace, ROOT_CONTEXT }],
  ["linked to the request without it", undefined],
]) {
  test(`spans: a start that is passed on to another process is ${name}`, async (t) => {
    const exporter = new InMemorySpanExporter();
    const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
    t.after(telemetry.recordSpans(provider.getTracer("test"), given));
    await passedOn(t, given === undefined ? "hal" : "ivy");
    const named = (name) => exporter.getFinishedSpans().filter((span) => span.name === name);
    const [, forwarded] = named("tpa session_request");
    const [start, ...more] = named("tpa cluster start");
    assert.deepEqual(more, []);
    const { traceId, spanId } = forwarded.spanContext();
    if (given === undefined) {
      assert.deepEqual(
        start.links.map(({ context }) => [context.traceId, context.spanId]),
        [[traceId, spanId]],
      );
    } else {
      assert.equal(start.spanContext().traceId, traceId);
      assert.equal(start.parentSpanContext.spanId, spanId);
    }
    assert.match(start.attributes["tpa.cluster.from"], /^two\./);
    assert.match(start.attributes["tpa.cluster.to"], /^one\./);
    assert.equal(start.attributes["http.response.status_code"], 200);
  });
}

test("log lines as JSON: a move has its processes and its number", async (t) => {
  const lines = [];
  const logger = telemetry.jsonLogger((line) => lines.push(JSON.parse(line)));
  const { one } = await passedOn(t, "jim", { session: { logger, logLevel: "info" } });
  await one.server.close({ timeout: 5000 });
  const move = await until("a move", () => lines.find(({ why }) => why === "handover"));
  assert.deepEqual(
    [move.level, move.session, move.message],
    ["info", `jim-${PACKAGE}`, "cluster: taken over"],
  );
  assert.match(move.from, /^one\./);
  assert.match(move.to, /^two\./);
  assert.ok(move.number > 1e15, `${move.number}`);
});

test("arguments that are no meter and no tracer are refused", () => {
  assert.throws(() => telemetry.recordMetrics({}), {
    name: "TypeError",
    message: "meter: must be a meter of @opentelemetry/api, such as metrics.getMeter(name), not an object",
  });
  assert.throws(() => telemetry.recordSpans(undefined), {
    name: "TypeError",
    message: "tracer: must be a tracer of @opentelemetry/api, such as trace.getTracer(name), not undefined",
  });
  assert.throws(() => telemetry.recordSpans({ startSpan() {} }, {}), {
    name: "TypeError",
    message: "api: must be the module @opentelemetry/api, not an object",
  });
});

test("log lines as JSON", async (t) => {
  const lines = [];
  const logger = telemetry.jsonLogger((line) => lines.push(JSON.parse(line)));
  await started(t, "fay", { session: { logger, logLevel: "debug" } });
  const [open] = lines.filter(({ message }) => /authorize/.test(message));
  assert.deepEqual(Object.keys(open), ["time", "level", "package", "session", "message"]);
  assert.deepEqual([open.level, open.package, open.session], ["warn", PACKAGE, "-"]);
  const own = lines.filter(({ session }) => session === `fay-${PACKAGE}`);
  assert.ok(own.length > 0);
  for (const { connection, message, time } of own) {
    assert.match(connection, /^\d+$/);
    assert.doesNotMatch(message, /package=|session=/);
    assert.ok(Date.parse(time) > 0);
  }
  logger.info('a line of another kind "quoted"\n');
  assert.equal(lines.at(-1).message, 'a line of another kind "quoted"\n');
});

test("health: a process that closes is alive and not ready", async (t) => {
  let release = () => {};
  const { server, webhook } = await started(t, "gus", {
    onStop: () => new Promise((resolve) => (release = resolve)),
  });
  const probe = async (query) => {
    const response = await fetch(webhook.replace("/webhook", `/health${query}`));
    return [response.status, (await response.json()).ready];
  };
  for (const query of ["?ready", "?x=1&ready=1"]) assert.deepEqual(await probe(query), [200, true]);
  const closing = server.close({ timeout: 20_000 });
  assert.deepEqual(await probe(""), [200, undefined]);
  assert.deepEqual(await probe("?ready"), [503, false]);
  assert.deepEqual(await probe("?already"), [200, undefined]);
  let isClosed = false;
  void closing.then(() => (isClosed = true));
  await until("the end", () => {
    release();
    return isClosed;
  });
});
