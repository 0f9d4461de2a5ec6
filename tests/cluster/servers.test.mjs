/** Servers that share a store in memory, with scripted sessions. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";

import { MemoryStore, createCluster } from "../../pkg-template/src/cluster/index.js";
import { JOIN } from "../../pkg-template/src/server/cluster-symbol.js";
import { Sessions } from "../../pkg-template/src/server/sessions.js";
import { until } from "../support/until.mjs";
import { FakeSession, PACKAGE, knows, server, servers, start, stop } from "./scripted-servers.mjs";
import { LONGEST_LEASE } from "./simulation/scenario.mjs";

const SUCCESS = { status: 200, body: { status: "success" } };

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

test("starts set no timers of the cluster while one is set that fires earlier", async (t) => {
  const [one] = await servers(t, 1);
  const { mock } = t.mock.method(globalThis, "setTimeout");
  const count = 20;
  for (let i = 0; i < count; i += 1) assert.deepEqual(await one.member.start(start(`user-${i}`)), SUCCESS);
  // One each is the limit of onSession, and a beat may be due.
  assert.ok(mock.callCount() <= count + 5, `${mock.callCount()} timers`);
});

test("a timer that was lost is set again", async (t) => {
  const [{ member }] = await servers(t, 1);
  const { now } = performance;
  let passed = 0;
  t.mock.method(performance, "now", () => now.call(performance) + passed);
  /** Time after which the timer fires that the next input sets. */
  const delayOf = async (setTimeout) => {
    const { mock } = t.mock.method(globalThis, "setTimeout", setTimeout);
    passed += 4000;
    await member.forward("tool", "nobody", {});
    mock.restore();
    return Math.min(...mock.calls.map(({ arguments: [, ms] }) => ms));
  };
  // Fake timers take it, and an input comes once they are gone.
  assert.equal(await delayOf(() => 0), 1);
  assert.equal(await delayOf(setTimeout), 1);
});

/** The cloud stops and starts a session, and its closure is heard after the request. */
for (const where of ["same", "other"]) {
  test(`a session whose closure is heard after the request that followed it starts again, asked at the ${where} process`, async (t) => {
    const [one, other] = await servers(t, 2);
    const asked = where === "same" ? one : other;
    await one.member.start(start("ada", { at: 1000 }));
    assert.deepEqual(await asked.member.start(start("ada", { at: 2000 })), SUCCESS);
    const [session] = one.sessions.live.values();
    session.end("AppStopped");
    await until("it starts again", () => one.told.length + other.told.length === 3);
    assert.deepEqual(
      one.told.map(([what]) => what),
      ["onSession", "onStop", "onSession"],
    );
    assert.equal(one.sessions.live.size, 1);
    assert.notEqual([...one.sessions.live.values()][0], session);
    // It is held by its record.
    assert.deepEqual(await other.member.start(start("ada", { at: 2000 })), SUCCESS);
    assert.equal(other.sessions.live.size, 0);
  });
}

test("without a cluster such a session starts again too, unless it was stopped or the closure is no stop", async () => {
  const told = [];
  const sessions = new Sessions({
    make: () => new FakeSession(),
    onSession: () => told.push("onSession"),
    onStop: (reason) => told.push(reason),
    report: () => {},
    maxSessions: 10,
    maxUnconnectedSessions: 10,
  });
  const again = async (kind) => {
    told.length = 0;
    await sessions.start(start("ada", { at: 1000 }));
    assert.deepEqual(await sessions.start(start("ada", { at: 2000 })), SUCCESS);
    const [session] = sessions.live.values();
    if (kind === undefined) await sessions.stop(stop("ada", { at: 3000 }));
    session.end(kind);
    for (let turn = 0; turn < 20; turn += 1) await setImmediate();
  };
  await again("Normal");
  assert.deepEqual(told, ["onSession", "ended", "onSession"]);
  await sessions.stop(stop("ada"));
  await again("Superseded");
  assert.deepEqual(told, ["onSession", "ended"]);
  await again(undefined);
  assert.deepEqual(told, ["onSession", "user_disabled"]);
  assert.equal(sessions.live.size, 0);
});

test("a session is not started again for a request that a stop has followed, or that comes twice", async (t) => {
  const [one, other] = await servers(t, 2);
  await one.member.start(start("ada", { at: 1000 }));
  await other.member.start(start("ada", { at: 1000 }));
  [...one.sessions.live.values()][0].end("AppStopped");
  await one.member.start(start("eve", { at: 1000 }));
  await one.member.start(start("eve", { at: 2000 }));
  const [eve] = one.sessions.live.values();
  // The answer to the stop waits for the process that has the session, which hears the closure first.
  const stopped = other.member.stop(stop("eve", { at: 3000 }));
  eve.end("AppStopped");
  await stopped;
  for (let turn = 0; turn < 50; turn += 1) await setImmediate();
  assert.equal(one.sessions.live.size + other.sessions.live.size, 0);
  assert.deepEqual(one.told, [
    ["onSession", "ada", undefined],
    ["onStop", "ada", "ended", "AppStopped"],
    ["onSession", "eve", undefined],
    ["onStop", "eve", "ended", "AppStopped"],
  ]);
});

test("a stop ends a session that has started again for an earlier request while the stop was written", async (t) => {
  const memory = new MemoryStore();
  /** @type {() => void} */
  let release = () => {};
  const isReleased = new Promise((resolve) => (release = () => resolve(undefined)));
  const open = (opening) => {
    const inner = memory.open(opening);
    const put = inner.put.bind(inner);
    return Object.assign(inner, {
      put: (given) => (given.owner === "" ? isReleased : Promise.resolve()).then(() => put(given)),
    });
  };
  const one = await server(memory);
  const other = await server({ open });
  t.after(() => Promise.all([one, other].map(({ member }) => member.leave(0))));
  await one.member.start(start("ada", { at: 1000 }));
  await one.member.start(start("ada", { at: 2000 }));
  const [session] = one.sessions.live.values();
  const stopped = other.member.stop(stop("ada", { at: 3000 }));
  for (let turn = 0; turn < 20; turn += 1) await setImmediate();
  session.end("AppStopped");
  await until("it starts again", () => one.told.length === 3);
  release();
  assert.deepEqual(await stopped, SUCCESS);
  assert.equal(one.sessions.live.size, 0);
  assert.deepEqual(one.told.at(-1), ["onStop", "ada", "user_disabled", "AppStopped"]);
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

test("a process whose session is stopped elsewhere while it hands it over leaves once onStop has returned", async (t) => {
  /** @type {() => void} */
  let release = () => {};
  const returned = new Promise((resolve) => (release = () => resolve(undefined)));
  const [one, other] = await servers(t, 2, { onStop: () => returned });
  await one.member.start(start("ada"));
  await until("the peer is known", () => knows(one.member, 1));
  const timeout = 60_000;
  const since = performance.now();
  const left = one.member.leave(timeout);
  await until("onStop is running", () => one.told.at(-1)[0] === "onStop");
  assert.deepEqual(await other.member.stop(stop("ada")), SUCCESS);
  release();
  await left;
  assert.ok(performance.now() - since < timeout / 2);
  assert.equal(one.told.length, 2);
  assert.equal(other.told.length, 0);
});

test("a session is handed over when the cloud has closed its connection", async (t) => {
  const sockets = [];
  class Socket extends EventTarget {
    readyState = 1;
    constructor(url) {
      super();
      sockets.push(this);
      this.url = url;
    }
    close() {
      this.readyState = 2;
    }
    end() {
      this.readyState = 3;
      this.dispatchEvent(new Event("close"));
    }
  }
  const [one, other] = await servers(t, 2, { WebSocket: Socket, dials: true });
  await one.member.start(start("ada"));
  await until("the peer is known", () => knows(one.member, 1));
  const [socket] = sockets;
  const left = one.member.leave(2000);
  await until("the connection closes", () => socket.readyState === 2);
  for (let turn = 0; turn < 20; turn += 1) await setImmediate();
  assert.deepEqual(other.told, []);
  socket.end();
  await left;
  await until("the session arrives", () => other.told.length > 0);
  assert.deepEqual(other.told, [["onSession", "ada", undefined]]);
});

test("a session that ends by itself while it is handed over goes on once its onStop has returned", async (t) => {
  /** @type {(page: object) => void} */
  let release = () => {};
  const returned = new Promise((resolve) => (release = resolve));
  const [one, other] = await servers(t, 2, { onStop: () => returned });
  await one.member.start(start("ada"));
  await until("the peer is known", () => knows(one.member, 1));
  const [session] = one.sessions.live.values();
  session.flush = async () => session.end();
  const left = one.member.leave(10_000);
  await until("onStop is running", () => one.told.at(-1)[0] === "onStop");
  for (let turn = 0; turn < 20; turn += 1) await setImmediate();
  assert.deepEqual(other.told, []);
  release({ page: 7 });
  await left;
  await until("the session arrives", () => other.told.length > 0);
  assert.deepEqual(other.told, [["onSession", "ada", { page: 7 }]]);
});

test("nothing more is taken from the app for a session that is handed over, and it is told", async (t) => {
  const dropped = [];
  const results = [];
  const onStop = (session) => results.push(session.send({ type: "late" }));
  const [one] = await servers(t, 2, { onStop });
  await one.member.start(start("ada"));
  const [session] = one.sessions.live.values();
  session.on("dropped", (event) => dropped.push(event));
  session.flush = async () => results.push(session.send({ type: "while flushing" }));
  assert.equal(session.send({ type: "before" }), "sent");
  await until("the peer is known", () => knows(one.member, 1));
  await one.member.leave(2000);
  assert.deepEqual(session.sent, [{ type: "before" }]);
  assert.deepEqual(results, ["dropped", "dropped"]);
  assert.deepEqual(dropped, [
    { message: { type: "while flushing" }, reason: "ended" },
    { message: { type: "late" }, reason: "ended" },
  ]);
});

test("with strict a process ends its sessions when the store is away for its lease", async (t) => {
  let isAway = false;
  const memory = new MemoryStore();
  const open = (opening) => {
    const store = memory.open(opening);
    const beat = (...args) => (isAway ? Promise.reject(new Error("away")) : store.beat(...args));
    return { ...store, beat };
  };
  const one = await server({ open }, { strict: true, lease: 7000 });
  t.after(() => one.member.leave(0));
  await one.member.start(start("ada"));
  isAway = true;
  await until("the end of the session", () => one.told.length === 2, { timeout: 30_000 });
  assert.deepEqual(one.told[1], ["onStop", "ada", "cluster unreachable", "ClientDisconnect"]);
  assert.equal(one.sessions.live.size, 0);
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

test("a process whose sessions have left passes requests on, and writes stops, while an onStop still runs", async (t) => {
  const memory = new MemoryStore();
  let isClosed = false;
  /** As a database does, it answers nothing once it is closed. */
  const open = (opening) => {
    const store = memory.open(opening);
    const methods = Object.entries(store).map(([name, method]) => [
      name,
      (...args) => (isClosed ? Promise.reject(new Error("closed")) : method(...args)),
    ]);
    return { ...Object.fromEntries(methods), close: async () => void (isClosed = true) };
  };
  // The timers of the processes keep no test alive.
  const alive = setInterval(() => {}, 1000);
  t.after(() => clearInterval(alive));
  const finish = {};
  const onStop = () => new Promise((resolve) => (finish.onStop = resolve));
  const one = await server({ open }, { onStop });
  const other = await server(memory);
  t.after(() => other.member.leave(0));
  await one.member.start(start("cal"));
  await one.member.stop(stop("cal"));
  await other.member.start(start("ada"));
  await until("the peer is known", () => knows(one.member, 1));
  const leaving = one.member.leave(20_000);
  const { beat } = memory.open({ instance: "test" });
  await until("it has left", async () => (await beat("test", "")).members.length === 1);
  assert.deepEqual(await one.member.stop(stop("ada")), SUCCESS);
  assert.equal(other.sessions.live.size, 0);
  assert.deepEqual(await one.member.start(start("bob")), SUCCESS);
  assert.deepEqual([...other.sessions.live.keys()], [`bob-${PACKAGE}`]);
  finish.onStop();
  await leaving;
  assert.ok(isClosed);
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

test("an object that is no store is refused, with the method that it lacks", () => {
  const parts = { packageName: PACKAGE, log() {}, report() {}, checkCloud() {}, WebSocket: undefined };
  const memory = new MemoryStore();
  const withoutCheck = (opening) => ({ ...memory.open(opening), check: undefined });
  for (const [open, missing] of [
    [() => ({}), "beat"],
    [() => undefined, "beat"],
    [async (opening) => memory.open(opening), "beat"],
    [withoutCheck, "check"],
  ]) {
    assert.throws(() => createCluster({ open })[JOIN](parts), {
      name: "TypeError",
      message: new RegExp(
        `^cluster: must be a cluster whose open\\(\\) returns a store, with the method ${missing}\\(\\), not `,
      ),
    });
  }
});

test("a process of a newer version is named once in the log, and its sessions are left alone", async (t) => {
  const memory = new MemoryStore();
  const stranger = memory.open({ packageName: PACKAGE, instance: "new.1", warn() {} });
  await stranger.beat("new.1", JSON.stringify({ v: 2, n: 1 }));
  const one = await server(memory);
  t.after(() => one.member.leave(0));
  const errors = () => one.reports.filter(([level]) => level === "error");
  await until("the error", () => errors().length > 0);
  assert.match(
    errors()[0][1],
    /^cluster: the process new\.1 uses version 2 of the records, this one knows 1; use the same version of tpa-session, or another prefix for each$/,
  );
  assert.equal(one.member.peers, 0);
});

test("wrong options name what is allowed", () => {
  const open = () => ({});
  assert.equal(createCluster({ open, lease: LONGEST_LEASE }).options.lease, LONGEST_LEASE);
  for (const [given, message] of [
    [{ open: 7 }, /^open: must be a function that returns a store, not 7$/],
    [
      { open, lease: 6999 },
      /^lease: must be a number of ms from 7000, three beats and 1 s, to 50000, not 6999$/,
    ],
    [{ open, lease: LONGEST_LEASE + 1 }, /^lease: must be .* not 50001$/],
    [{ open, name: "a b" }, /^name: must be 1 to 100 letters/],
    [{ open, strict: "yes" }, /^strict: must be true or false/],
    [{ open, photos: "nowhere" }, /^photos: must be one of "store", "here"|^photos: .*nowhere/],
    [{ open, leese: 10_000 }, /^leese: unknown option, did you mean lease\?$/],
  ]) {
    assert.throws(() => createCluster(given), { name: "TypeError", message });
  }
});
