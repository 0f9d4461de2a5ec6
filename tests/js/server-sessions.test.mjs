/** Session registry of a server, with scripted sessions. */
import assert from "node:assert/strict";
import { mock, test } from "node:test";

import fc from "fast-check";

import { ask, connected, keeper, refusal, settled, stop } from "./scripted-sessions.mjs";

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

test("an onStop that never settles is reported after 30 s, and forgotten", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const { sessions, made, reports } = keeper({ onStop: () => new Promise(() => {}) });
    const started = sessions.start(ask("s"));
    made[0].ack();
    await started;
    const stopped = sessions.stop(stop("s"));
    await settled();
    mock.timers.tick(700);
    assert.equal((await stopped).status, 200);
    mock.timers.tick(29_299);
    await settled();
    assert.deepEqual(reports, []);
    mock.timers.tick(1);
    await settled();
    const [[error, context]] = reports;
    assert.equal(error.message, "onStop: has not settled within 30 s");
    assert.deepEqual(context, { session: made[0], sessionId: "s", userId: "u", where: "onStop" });
    // No time passes for these two.
    await sessions.stop(stop("s"));
    await sessions.close({ release: false }, 2000);
  } finally {
    mock.timers.reset();
  }
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
    const closing = sessions.close({ release: true, reason: "user_logout" }, 1000);
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

test("a request in the name of another user is refused and changes nothing", async () => {
  const kept = keeper();
  const { sessions, made, told } = kept;
  for (const [url, other] of [
    [undefined, undefined],
    ["ws://one/", "ws://two/"],
  ]) {
    const session = await connected(kept, "s", url);
    const before = [made.length, told.length];
    await assert.rejects(sessions.start(ask("s", other, "mallory")), refusal(409));
    await assert.rejects(sessions.stop(stop("s", "mallory")), refusal(409));
    assert.equal(session.state, "connected");
    assert.deepEqual([made.length, told.length], before);
    assert.equal((await sessions.stop(stop("s", "u"))).status, 200);
    assert.equal(session.state, "stopped");
  }
});

test("only another host or path is another cloud", async () => {
  const kept = keeper();
  const { sessions, made } = kept;
  await connected(kept, "s", "ws://one/tpa-ws");
  for (const url of [
    "ws://one/tpa-ws?x",
    "ws://one/tpa-ws?",
    "wss://one/tpa-ws",
    "ws://one/app-ws",
    undefined,
  ]) {
    assert.equal((await sessions.start(ask("s", url))).status, 200);
    assert.equal(made.length, 1, url);
  }
  for (const [index, url] of ["ws://two/tpa-ws", "ws://two:8/tpa-ws", "ws://two:8/other"].entries()) {
    await connected(kept, "s", url);
    assert.equal(made.length, index + 2, url);
  }
});

test("the numbers of all sessions and of those that connect are limited", async () => {
  const kept = keeper({ maxSessions: 3, maxUnconnectedSessions: 2 });
  const { sessions, made } = kept;
  const answers = [sessions.start(ask("a")), sessions.start(ask("b"))];
  await settled();
  for (let i = 0; i < 2000; i += 1) await assert.rejects(sessions.start(ask(`x${i}`)), refusal(429));
  assert.equal(made.length, 2);
  made[0].ack();
  assert.equal((await answers[0]).status, 200);
  // Sessions that lost their connection are connected ones that will return.
  made[0].lose();
  await connected(kept, "c");
  await assert.rejects(sessions.start(ask("d")), refusal(429));
  // A session that is known is no new one.
  assert.equal((await sessions.start(ask("c"))).status, 200);
  made[1].end();
  assert.equal((await answers[1]).status, 502);
  await connected(kept, "d");
  await assert.rejects(sessions.start(ask("e")), refusal(429));
  await sessions.stop(stop("d"));
  await connected(kept, "e");
});

test("repeated requests share one wait, and the core decides about each", async () => {
  const kept = keeper();
  const { sessions } = kept;
  const session = await connected(kept, "s");
  await sessions.start(ask("s"));
  assert.equal(session.reopened, 1);
  session.lose();
  const answers = Array.from({ length: 50 }, () => sessions.start(ask("s")));
  await settled();
  assert.equal(session.reopened, 51);
  assert.equal(session.listenerCount("connected"), 1);
  session.ack();
  for (const answer of await Promise.all(answers)) assert.equal(answer.status, 200);
});

test("a stop waits for onStop up to 700 ms, and the next start up to 2 s", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    for (const [patience, finish] of [
      [2000, false],
      [300, true],
    ]) {
      let stopped;
      const kept = keeper({ onStop: () => new Promise((resolve) => (stopped = resolve)) });
      const { sessions, made } = kept;
      await connected(kept, "s");
      const answers = [];
      void sessions.stop(stop("s")).then(({ status }) => answers.push(status));
      await settled();
      mock.timers.tick(699);
      await settled();
      assert.deepEqual(answers, []);
      mock.timers.tick(1);
      await settled();
      assert.deepEqual(answers, [200]);
      void sessions.start(ask("s"));
      await settled();
      mock.timers.tick(patience - 1);
      await settled();
      assert.equal(made[1].state, "idle");
      if (finish) stopped();
      else mock.timers.tick(1);
      await settled();
      assert.equal(made[1].state, "connecting");
    }
  } finally {
    mock.timers.reset();
  }
});

test("close() hands sessions over: flush, onStop, and only then the end", async () => {
  let finish;
  const seen = [];
  const kept = keeper({
    onStop: (reason, session) => {
      seen.push([reason, session.state]);
      return new Promise((resolve) => (finish = resolve));
    },
  });
  const { sessions } = kept;
  const session = await connected(kept, "s");
  let flushed;
  session.flush = () => new Promise((resolve) => (flushed = resolve));
  const closing = sessions.close({ release: false }, 1000);
  await settled();
  assert.deepEqual(seen, []);
  flushed();
  await settled();
  assert.deepEqual(seen, [["handover", "connected"]]);
  assert.equal(session.state, "connected");
  finish();
  await closing;
  assert.equal(session.state, "stopped");
  assert.deepEqual(session.sent, []);
  assert.equal((await sessions.start(ask("s"))).status, 503);
});

test("close() hands over what neither the cloud nor the app confirms in time", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const kept = keeper({ onStop: () => new Promise(() => {}) });
    const session = await connected(kept, "s");
    session.flush = () => new Promise(() => {});
    const closing = kept.sessions.close({ release: false }, 1000);
    await settled();
    mock.timers.tick(500);
    await settled();
    assert.equal(kept.told.length, 2);
    mock.timers.tick(1000);
    await settled();
    mock.timers.tick(1000);
    await closing;
    assert.equal(session.state, "stopped");
  } finally {
    mock.timers.reset();
  }
});

test("errors of the app are reported with their origin", async () => {
  const error = new Error("broken");
  const kept = keeper({ onStop: () => Promise.reject(error) });
  const { sessions, reports } = kept;
  const session = await connected(kept, "s");
  const failed = Object.assign(new Error("the handler of VAD failed"), { code: "HANDLER_FAILED" });
  session.emit("error", Object.assign(new Error("malformed"), { code: "MALFORMED_FRAME" }));
  session.emit("error", failed);
  await sessions.stop(stop("s"));
  const context = { session, sessionId: "s", userId: "u" };
  assert.deepEqual(reports, [
    [failed, { ...context, where: "handler" }],
    [error, { ...context, where: "onStop" }],
  ]);
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
      const stops = [];
      for (const { do: what, id, url, which } of steps) {
        if (what === "start") answers.push(sessions.start(ask(id, url)));
        else if (what === "stop") stops.push(sessions.stop(stop(id)));
        else if (what === "wait") await settled();
        else made[which % made.length]?.[what]();
        assert.ok(made.filter(({ state }) => state === "connecting").length <= 2);
      }
      await settled();
      const alive = made.filter(({ state }) => state !== "stopped" && state !== "idle");
      assert.deepEqual(new Set(sessions.live.values()), new Set(alive));
      const goodbye =
        steps.length % 2 === 0 ? { release: true, reason: "clean_shutdown" } : { release: false };
      await sessions.close(goodbye, 1000);
      await Promise.all(stops);
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
