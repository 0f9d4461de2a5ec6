/** Registry of a server under slow clouds, apps that hang, and time that passes in any order. */
import assert from "node:assert/strict";
import { mock, test } from "node:test";

import fc from "fast-check";

import { ask, keeper, settled, stop } from "./scripted-sessions.mjs";

const PREVIOUS_TIMEOUT = 2000;
const MAX_SESSIONS = 3;
const MAX_UNCONNECTED = 2;

const id = fc.constantFrom("a", "a", "a", "b", "c", "d");
const url = fc.constantFrom(undefined, "ws://one/", "ws://two/");
/** Counted from the newest. */
const which = fc.nat(3);
const some = (weight, arbitrary) => ({ weight, arbitrary });
const step = fc.oneof(
  some(5, fc.record({ do: fc.constant("start"), id, url })),
  some(2, fc.record({ do: fc.constant("stop"), id })),
  some(5, fc.record({ do: fc.constant("ack"), which })),
  some(3, fc.record({ do: fc.constantFrom("lose", "reconnect", "end", "flushed"), which })),
  some(3, fc.record({ do: fc.constantFrom("returns", "returns", "throws"), which })),
  some(3, fc.record({ do: fc.constant("tick"), ms: fc.constantFrom(0, 1, 700, 1000, 2000) })),
);
const steps = fc.array(step, { minLength: 20, maxLength: 60 });

/** A registry whose sessions and app answer only when a step says so. */
function slow() {
  const calls = [];
  const hang = (what, session) => {
    const call = { what, session, at: Date.now(), returnedAt: undefined };
    calls.push(call);
    return new Promise((resolve, reject) => Object.assign(call, { resolve, reject })).finally(
      () => (call.returnedAt = Date.now()),
    );
  };
  const kept = keeper({
    onSession: (session) => hang("onSession", session),
    onStop: (_, session) => hang("onStop", session),
    maxSessions: MAX_SESSIONS,
    maxUnconnectedSessions: MAX_UNCONNECTED,
  });
  const take = (session) => {
    if (session.flushes !== undefined) return;
    session.flushes = [];
    session.flush = () => new Promise((resolve) => session.flushes.push(resolve));
  };
  const act = {
    ack: (session) => session.ack(),
    lose: (session) => session.lose(),
    reconnect: (session) => session.state === "waiting" && session.ack(),
    end: (session) => session.end(),
    flushed: (session) => session.flushes?.splice(0).forEach((resolve) => resolve()),
  };
  return { ...kept, calls, take, act };
}

async function run({ sessions, made, calls, take, act }, steps) {
  const answers = [];
  const record = (promise, entry) =>
    promise.then(
      ({ status }) => (entry.status = status),
      (error) => (entry.status = error.answer?.status ?? error),
    );
  for (const { do: what, id, url, which, ms } of steps) {
    if (what === "start") {
      const entry = { what, id };
      answers.push(entry);
      void record(sessions.start(ask(id, url)), entry);
    } else if (what === "stop") {
      const entry = { what, id };
      answers.push(entry);
      void record(sessions.stop(stop(id)), entry);
    } else if (what === "tick") {
      mock.timers.tick(ms);
    } else if (what === "returns" || what === "throws") {
      const call = calls.at(-1 - which);
      if (what === "returns") call?.resolve();
      else call?.reject(new Error("broken"));
    } else {
      const session = made.at(-1 - which);
      if (session !== undefined) act[what](session);
    }
    await settled();
    made.forEach(take);
    assert.ok(sessions.live.size <= MAX_SESSIONS);
    const isLive = new Set(sessions.live.values());
    const connecting = made.filter(
      (session) => isLive.has(session) && !calls.some((call) => call.session === session),
    );
    assert.ok(connecting.length <= MAX_UNCONNECTED, "sessions that connect");
  }
  return answers;
}

/** Each `onStop` follows its `onSession`, and the next session of an id waits for it. */
function checkCalls(calls) {
  for (const [index, call] of calls.entries()) {
    const ofSession = calls.filter(({ session }) => session === call.session);
    const names = ofSession.map(({ what }) => what).join();
    assert.equal(names, "onSession,onStop");
    if (call.what !== "onSession") continue;
    for (const earlier of calls.slice(0, index)) {
      if (earlier.what !== "onSession" || earlier.session.id !== call.session.id) continue;
      const end = calls.findIndex(({ what, session }) => what === "onStop" && session === earlier.session);
      assert.ok(end < index, "onSession before the onStop of the session before");
      const { returnedAt, at } = calls[end];
      const isPatient =
        (returnedAt !== undefined && returnedAt <= call.at) || call.at - at >= PREVIOUS_TIMEOUT;
      assert.ok(isPatient, "onSession during the onStop of the session before");
    }
  }
}

test("whatever hangs, requests are answered, calls are in order, and the room returns", async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.boolean(), async (steps, closes) => {
      mock.timers.enable({ apis: ["setTimeout", "Date"] });
      try {
        const kept = slow();
        const { sessions, made, calls, act } = kept;
        const answers = await run(kept, steps);
        const finish = closes
          ? sessions.close({ release: false }, 1000)
          : Promise.all([...sessions.live.keys()].map((id) => sessions.stop(stop(id))));
        for (let i = 0; i < 8; i += 1) {
          await settled();
          mock.timers.tick(1000);
          if (!closes) made.forEach((session) => act.end(session));
        }
        await finish;
        await settled();
        assert.deepEqual(
          answers.filter(({ status }) => ![200, 429, 500, 502, 503].includes(status)),
          [],
        );
        assert.equal(sessions.live.size, 0);
        checkCalls(calls);
        if (closes) return;
        // Neither ended sessions nor refused requests take room.
        for (let i = 0; i < MAX_SESSIONS; i += 1) {
          const started = sessions.start(ask(`new${i}`));
          await settled();
          made.at(-1).ack();
          await settled();
          calls.at(-1).resolve();
          assert.equal((await started).status, 200);
        }
      } finally {
        mock.timers.reset();
      }
    }),
    { numRuns: Number(process.env.RUNS ?? 300), includeErrorInReport: true },
  );
});
