/** Servers that share a store in memory, with scripted sessions. */
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { test } from "node:test";

import { MemoryStore, createCluster } from "../../pkg-template/src/cluster/index.js";
import { Member } from "../../pkg-template/src/cluster/member.js";
import { Sessions } from "../../pkg-template/src/server/sessions.js";
import { HAND_OVER, REOPEN } from "../../pkg-template/src/session/internal-symbols.js";
import { until } from "../support/until.mjs";

const PACKAGE = "org.example.cluster";
const SUCCESS = { status: 200, body: { status: "success" } };

/** Session that connects at once. */
class FakeSession extends EventEmitter {
  state = "idle";
  reopened = 0;
  async connect(id) {
    this.sessionId = id;
    this.state = "connected";
    return [];
  }
  end(kind = "Abnormal") {
    if (this.state === "stopped") return;
    this.state = "stopped";
    this.emit("disconnected", { permanent: true, reason: "", message: "ended", kind });
  }
  disconnect() {
    this.end("ClientDisconnect");
  }
  async flush() {}
  [HAND_OVER]() {
    this.end("ClientDisconnect");
  }
  [REOPEN]() {
    this.reopened += 1;
  }
}

/** Starts a server without its HTTP part. */
async function server(memory, options = {}) {
  const told = [];
  const reports = [];
  const parts = {
    packageName: PACKAGE,
    log: (level, text, { error } = {}) => reports.push([level, text, error]),
    report: (error, context) => reports.push([error, context]),
    checkCloud: () => {},
    WebSocket: undefined,
  };
  const settings = { name: undefined, lease: 10_000, strict: false };
  const member = new Member(settings, (opening) => memory.open(opening), parts);
  const sessions = new Sessions({
    make: () => new FakeSession(),
    onSession: (session, { userId, previous }) => told.push(["onSession", userId, previous]),
    onStop: (reason, { userId, kind }) => {
      told.push(["onStop", userId, reason, kind]);
      return options.onStop?.();
    },
    report: parts.report,
    maxSessions: options.maxSessions ?? 100,
    maxUnconnectedSessions: 100,
    removed: (sessionId) => member.ended(sessionId),
  });
  member.open(sessions);
  await until("the server is a member", () => member.isReady);
  return { member, sessions, told, reports };
}

const start = (userId) => ({
  type: "session_request",
  sessionId: `${userId}-${PACKAGE}`,
  userId,
  url: undefined,
});
const stop = (userId, more) => ({
  type: "stop_request",
  sessionId: `${userId}-${PACKAGE}`,
  userId,
  reason: "user_disabled",
  ...more,
});

async function servers(t, count, options) {
  const memory = new MemoryStore();
  const all = [];
  for (let i = 0; i < count; i += 1) all.push(await server(memory, options));
  t.after(() => Promise.all(all.map(({ member }) => member.leave(0))));
  return all;
}

test("a stop that reaches another process ends the session, and onStop has returned before the answer", async (t) => {
  const [one, other] = await servers(t, 2);
  assert.deepEqual(await one.member.start(start("ada")), SUCCESS);
  assert.deepEqual(await other.member.stop(stop("ada")), SUCCESS);
  assert.deepEqual(one.told, [
    ["onSession", "ada", undefined],
    ["onStop", "ada", "user_disabled", "AppStopped"],
  ]);
  assert.equal(one.sessions.live.size, 0);
  assert.deepEqual(await other.member.start(start("ada")), SUCCESS);
  assert.equal(other.sessions.live.size, 1);
});

test("a request that reaches another process is answered by the one with the session", async (t) => {
  const [one, other] = await servers(t, 2);
  assert.deepEqual(await one.member.start(start("ada")), SUCCESS);
  assert.deepEqual(await other.member.start(start("ada")), SUCCESS);
  assert.equal(other.sessions.live.size, 0);
  assert.equal([...one.sessions.live.values()][0].reopened, 1);
});

test("a request in the name of another user is refused by every process", async (t) => {
  const [one, other] = await servers(t, 2);
  await one.member.start(start("ada"));
  const given = { ...start("ada"), userId: "mallory" };
  assert.equal((await other.member.start(given)).status, 409);
  assert.equal((await one.member.start(given)).status, 409);
  assert.equal((await other.member.stop(stop("ada", { userId: "mallory" }))).status, 409);
  assert.equal((await one.member.stop(stop("ada", { userId: "mallory" }))).status, 409);
  assert.equal(one.sessions.live.size, 1);
});

test("a process that leaves hands its sessions over, with what onStop returned", async (t) => {
  const [one, other] = await servers(t, 2, { onStop: () => ({ page: 7 }) });
  await one.member.start(start("ada"));
  await until("both know each other", async () => (await other.member.start(start("ada"))).status === 200);
  await other.member.stop(stop("bob"));
  // Beats make the processes known to each other.
  await until("the peer is known", () => knows(one.member, 1));
  await one.member.leave(2000);
  assert.deepEqual(one.told.at(-1), ["onStop", "ada", "handover", "ClientDisconnect"]);
  await until("the session arrives", () => other.told.length > 0);
  assert.deepEqual(other.told, [["onSession", "ada", { page: 7 }]]);
});

test("a request to a process that leaves is answered by another one", async (t) => {
  const [one, other] = await servers(t, 2, {
    onStop: () => new Promise((resolve) => setTimeout(resolve, 200)),
  });
  await one.member.start(start("ada"));
  await until("the peer is known", () => knows(one.member, 1));
  const left = one.member.leave(2000);
  assert.deepEqual(await one.member.start(start("bob")), SUCCESS);
  assert.deepEqual([...other.sessions.live.keys()].includes(`bob-${PACKAGE}`), true);
  await left;
});

test("calls reach the process with the session", async (t) => {
  const [one, other] = await servers(t, 2);
  await one.member.start(start("ada"));
  one.member.handle("tool", ({ text }) => ({ status: 200, body: { reply: text } }));
  const call = (userId) => other.member.forward("tool", userId, { text: "hello" });
  assert.deepEqual(await call("ada"), { status: 200, body: { reply: "hello" } });
  assert.equal(await call("bob"), undefined);
  assert.equal(await one.member.forward("tool", "ada", {}), undefined);
});

test("a tool that takes longer than the silence of a process is called once", async (t) => {
  const [one, other] = await servers(t, 2);
  await one.member.start(start("ada"));
  let calls = 0;
  for (const { member } of [one, other]) {
    member.handle("tool", async () => {
      calls += 1;
      await new Promise((resolve) => setTimeout(resolve, 1200));
      return { status: 200, body: { reply: "done" } };
    });
  }
  assert.deepEqual(await other.member.forward("tool", "ada", {}), { status: 200, body: { reply: "done" } });
  assert.equal(calls, 1);
});

test("a session that a process cannot start leaves no record", async (t) => {
  const [one, other] = await servers(t, 2, { maxSessions: 1 });
  await one.member.start(start("ada"));
  assert.equal((await one.member.start(start("bob"))).status, 429);
  assert.deepEqual(await other.member.start(start("bob")), SUCCESS);
});

test("wrong options name what is allowed", () => {
  const open = () => ({});
  for (const [given, message] of [
    [{ open: 7 }, /^open: must be a function that returns a store, not 7$/],
    [
      { open, lease: 6999 },
      /^lease: must be a number of ms from 7000, three beats and 1 s, to 60000, not 6999$/,
    ],
    [{ open, name: "a b" }, /^name: must be 1 to 100 letters/],
    [{ open, strict: "yes" }, /^strict: must be true or false/],
    [{ open, leese: 10_000 }, /^leese: unknown option, did you mean lease\?$/],
  ]) {
    assert.throws(() => createCluster(given), { name: "TypeError", message });
  }
});

/** True once a process knows a number of others. */
function knows(member, count) {
  return member.peers === count;
}
