/** Session registry of a server, with scripted sessions. */
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { mock, test } from "node:test";

import fc from "fast-check";

import { Sessions } from "../../pkg-template/src/server/sessions.js";

/** Scripted session with the members that the server uses. */
class FakeSession extends EventEmitter {
  state = "idle";
  sent = [];
  connect() {
    this.state = "connecting";
    return new Promise((resolve, reject) => Object.assign(this, { resolve, reject }));
  }
  ack() {
    if (this.state !== "connecting" && this.state !== "waiting") return;
    this.state = "connected";
    this.resolve([]);
    this.emit("connected", []);
  }
  lose() {
    if (this.state === "connected") this.state = "waiting";
  }
  end(reason = "ended", kind = "Abnormal") {
    if (this.state === "idle" || this.state === "stopped") return;
    this.state = "stopped";
    this.reject(new Error(reason));
    this.emit("disconnected", { permanent: true, reason, message: reason, kind });
  }
  disconnect(reason) {
    this.end(reason, "ClientDisconnect");
  }
  reconnectNow() {}
  send(message) {
    this.sent.push(message);
    return "sent";
  }
  flush() {
    return this.state === "connected" ? Promise.resolve() : Promise.reject(new Error("over"));
  }
}

function keeper({ onSession = () => {} } = {}) {
  const made = [];
  const told = [];
  const sessions = new Sessions({
    make: () => {
      const session = new FakeSession();
      made.push(session);
      return session;
    },
    onSession: (session) => {
      told.push(["onSession", session]);
      return onSession(session);
    },
    onStop: (_, { session }) => void told.push(["onStop", session]),
    log: () => {},
  });
  return { sessions, made, told };
}

const ask = (sessionId, url) => ({
  type: "session_request",
  sessionId,
  userId: "u",
  url: url && new URL(url),
});
/** Runs pending microtasks. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test("the response waits one second for onSession; a later exception ends the session", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    let fail;
    const onSession = () => new Promise((_, reject) => (fail = reject));
    const { sessions, made, told } = keeper({ onSession });
    let answer;
    void sessions.start(ask("s")).then((given) => (answer = given));
    await settled();
    made[0].ack();
    await settled();
    mock.timers.tick(999);
    await settled();
    assert.equal(answer, undefined);
    mock.timers.tick(1);
    await settled();
    assert.equal(answer.status, 200);
    assert.equal(sessions.live.get("s"), made[0]);
    fail(new Error("late"));
    await settled();
    assert.equal(made[0].state, "stopped");
    assert.deepEqual(told, [
      ["onSession", made[0]],
      ["onStop", made[0]],
    ]);
  } finally {
    mock.timers.reset();
  }
});

test("a repeated request for a session that ended at once creates another one", async () => {
  const { sessions, made } = keeper({ onSession: (session) => session === made[0] && session.end() });
  const first = sessions.start(ask("s"));
  const again = sessions.start(ask("s"));
  made[0].ack();
  assert.equal((await first).status, 200);
  await settled();
  made[1].ack();
  assert.equal((await again).status, 200);
  assert.equal(sessions.live.get("s"), made[1]);
});

test("the app's handlers of disconnected run before onStop", async () => {
  const { sessions, made, told } = keeper({
    onSession: (session) => session.on("disconnected", () => told.push(["disconnected", session])),
  });
  const started = sessions.start(ask("s"));
  made[0].ack();
  await started;
  made[0].end();
  await settled();
  assert.deepEqual(
    told.map(([what]) => what),
    ["onSession", "disconnected", "onStop"],
  );
});

test("close() waits for the confirmation, up to its timeout", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const { sessions, made, told } = keeper();
    const confirm = [];
    for (const id of ["confirmed", "silent"]) {
      const started = sessions.start(ask(id));
      const session = made.at(-1);
      session.flush = () => new Promise((resolve) => confirm.push(resolve));
      session.ack();
      await started;
    }
    const closing = sessions.close("user_logout", 1000);
    await settled();
    const release = { type: "ownership_release", reason: "user_logout" };
    for (const { sent, state } of made) assert.deepEqual([sent, state], [[release], "connected"]);
    confirm[0]();
    await settled();
    assert.deepEqual(
      made.map(({ state }) => state),
      ["stopped", "connected"],
    );
    mock.timers.tick(999);
    await settled();
    assert.equal(made[1].state, "connected");
    mock.timers.tick(1);
    await settled();
    assert.equal(made[1].state, "stopped");
    mock.timers.tick(1000);
    await closing;
    assert.equal(told.filter(([what]) => what === "onStop").length, 2);
  } finally {
    mock.timers.reset();
  }
});

const id = fc.constantFrom("a", "b");
const url = fc.constantFrom(undefined, "ws://one/", "ws://two/");
const step = fc.oneof(
  fc.record({ do: fc.constant("start"), id, url }),
  fc.record({ do: fc.constant("stop"), id }),
  fc.record({ do: fc.constantFrom("ack", "lose", "end"), which: fc.nat(20) }),
  fc.record({ do: fc.constant("wait") }),
);

/** A session that moves must stop connecting before its id is started again. */
const MOVED_STOPPED_STARTED = [
  { do: "start", id: "b", url: "ws://two/" },
  { do: "start", id: "b", url: "ws://one/" },
  { do: "stop", id: "b" },
  { do: "start", id: "b", url: undefined },
  { do: "start", id: "a", url: undefined },
];

test("in any order of events, each onSession has one onStop, and an id one session", () =>
  fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const { sessions, made, told } = keeper({
        onSession: () => (made.length % 5 === 0 ? Promise.reject(new Error("broken")) : undefined),
      });
      const answers = [];
      for (const { do: what, id, url, which } of steps) {
        if (what === "start") answers.push(sessions.start(ask(id, url)));
        else if (what === "stop") sessions.stop({ type: "stop_request", sessionId: id, reason: "stop" });
        else if (what === "wait") await settled();
        else made[which % made.length]?.[what]();
        assert.ok(made.filter(({ state }) => state === "connecting").length <= 2);
      }
      await settled();
      const alive = made.filter(({ state }) => state !== "stopped" && state !== "idle");
      assert.deepEqual(new Set(sessions.live.values()), new Set(alive));
      await sessions.close("clean_shutdown", 1000);
      // No request is left without an answer.
      for (const { status } of await Promise.all(answers)) assert.ok([200, 500, 502].includes(status));
      assert.equal(sessions.live.size, 0);
      for (const session of made) {
        const mine = told.filter(([, whose]) => whose === session).map(([what]) => what);
        assert.ok(["", "onSession,onStop"].includes(mine.join()), mine.join());
        assert.ok(["idle", "stopped"].includes(session.state));
      }
    }),
    { numRuns: 300, examples: [[MOVED_STOPPED_STARTED]] },
  ));
