/** What the app and the cloud are told where a session does not simply move: waits, losses and refusals. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";

import { MemoryStore, createCluster } from "../../pkg-template/src/cluster/index.js";
import { createServer } from "../../pkg-template/src/server/index.js";
import { until } from "../support/until.mjs";
import { FakeSession, PACKAGE, knows, server, servers, start } from "./scripted-servers.mjs";

/** The timers of the processes keep no test alive. */
function stayAlive(t) {
  const alive = setInterval(() => {}, 1000);
  t.after(() => clearInterval(alive));
}

/** Warnings of a server. */
function warningsOf({ reports }) {
  return reports.filter(([level]) => level === "warn").map(([, text]) => text);
}

test("a session whose third process has died is refused with Retry-After, and onError is told", async (t) => {
  const memory = new MemoryStore();
  const one = await server(memory);
  t.after(() => one.member.leave(0));
  const sessionId = `eve-${PACKAGE}`;
  await memory.open({ instance: "test" }).put({
    sessionId,
    expected: { owner: "", number: 0 },
    owner: "dead.1",
    number: 0,
    ttl: 60_000,
    fields: { userId: "eve", url: "", crashes: 2, crashedAt: Date.now(), startedAt: 0 },
  });
  for (let i = 0; i < 2; i += 1) {
    const { status, headers } = await one.member.start(start("eve"));
    assert.equal(status, 503);
    const seconds = Number(headers["retry-after"]);
    assert.ok(seconds > 50 && seconds <= 60, `${seconds}`);
  }
  const reports = one.reports.filter(([, context]) => context?.where === "quarantine");
  assert.deepEqual(
    reports.map(([{ message }, { userId, sessionId }]) => [message, userId, sessionId]),
    [["the processes of this session end again and again; it starts in 60 s", "eve", sessionId]],
  );
  assert.deepEqual(one.told, []);
});

for (const [name, returned, warning] of [
  ["no JSON", 5n, /^onStop: returned a value that is no JSON, which is not handed over$/],
  [
    "too long",
    "x".repeat(16_383),
    /^onStop: returned 16385 characters of JSON, at most 16384 are handed over$/,
  ],
]) {
  test(`what onStop returns that is ${name} is not handed over, which a warning tells`, async (t) => {
    const [one, other] = await servers(t, 2, { onStop: () => returned });
    await one.member.start(start("ada"));
    await until("the peer is known", () => knows(one.member, 1));
    await one.member.leave(2000);
    await until("the session at the next process", () => other.told.length > 0);
    assert.deepEqual(other.told, [["onSession", "ada", undefined]]);
    const warnings = warningsOf(one);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0], warning);
  });
}

test("a process that leaves and has no successor says so, and refuses requests", async (t) => {
  stayAlive(t);
  let finish;
  const [one] = await servers(t, 1, { onStop: () => new Promise((resolve) => (finish = resolve)) });
  await one.member.start(start("ada"));
  const leaving = one.member.leave(20_000);
  const { status, body } = await one.member.start(start("bob"));
  assert.deepEqual([status, body.message], [503, "the server is closing"]);
  await until("onStop", () => finish !== undefined);
  finish();
  await leaving;
  assert.deepEqual(warningsOf(one), [
    "cluster: no other process takes the sessions of this one; they start again when the cloud asks for them",
  ]);
});

test("sessions of another process need no room among those that connect, and take none of it", async (t) => {
  stayAlive(t);
  const memory = new MemoryStore();
  const one = await server(memory);
  const connecting = [];
  const make = () => {
    const session = new FakeSession();
    const { connect } = session;
    session.connect = async (id) => {
      await new Promise((resolve) => connecting.push(resolve));
      return connect.call(session, id);
    };
    return session;
  };
  const other = await server(memory, { make, maxUnconnectedSessions: 1 });
  t.after(() => other.member.leave(0));
  const users = ["ada", "bob", "cal"];
  for (const user of users) await one.member.start(start(user));
  await until("the peer is known", () => knows(one.member, 1));
  const leaving = one.member.leave(10_000);
  await until("they connect", () => connecting.length === users.length);
  // That of the cloud has the room of its own.
  const started = other.member.start(start("dan"));
  await until("it connects", () => connecting.length === users.length + 1);
  assert.equal((await other.member.start(start("eve"))).status, 429);
  for (const connect of connecting) connect();
  assert.equal((await started).status, 200);
  await leaving;
  assert.equal(other.sessions.live.size, users.length + 1);
});

test("a cloud that confirms nothing holds a hand-over up for 1 s", async (t) => {
  stayAlive(t);
  const make = () => Object.assign(new FakeSession(), { flush: () => new Promise(() => {}) });
  const [one, other] = await servers(t, 2, { make });
  await one.member.start(start("ada"));
  await until("the peer is known", () => knows(one.member, 1));
  const since = performance.now();
  await one.member.leave(20_000);
  const took = performance.now() - since;
  assert.ok(took >= 900 && took < 5000, `${took} ms`);
  await until("the session at the next process", () => other.sessions.live.size === 1);
});

test("a process starts what the cloud asks for at once when another one is killed", async (t) => {
  stayAlive(t);
  const connecting = [];
  class Session extends FakeSession {
    constructor({ packageName }) {
      super();
      this.packageName = packageName;
    }
    async connect(id) {
      await new Promise((resolve) => connecting.push(resolve));
      return super.connect(id);
    }
  }
  const memory = new MemoryStore();
  const server = createServer(Session, {
    packageName: PACKAGE,
    apiKey: "key",
    authorize: () => true,
    handleSignals: false,
    onSession() {},
    cluster: createCluster({ open: (opening) => memory.open(opening) }),
  });
  t.after(() => server.close({ timeout: 0 }));
  // A third of the sessions of a process with 2,500.
  const users = Array.from({ length: 833 }, (_, i) => `user-${i}`);
  const headers = { "content-type": "application/json" };
  const answers = [];
  for (const user of users) {
    const body = JSON.stringify({ type: "session_request", sessionId: `${user}-${PACKAGE}`, userId: user });
    answers.push(server.fetch(new Request("http://localhost/webhook", { method: "POST", headers, body })));
    // They come one after the other, as each has to be read.
    await setImmediate();
  }
  await until("all connect", () => connecting.length === users.length, { timeout: 4000 }).catch(() => {});
  for (const connect of connecting) connect();
  const statuses = (await Promise.all(answers)).map(({ status }) => status);
  assert.deepEqual([...new Set(statuses)], [200]);
});
