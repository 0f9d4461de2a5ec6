/** Requests for sessions on whose young connections the cloud is silent, in the session registry of a server. */
import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { ask, connected, keeper, settled } from "./scripted-sessions.mjs";

/** A session that was acknowledged at a time of the cloud's clock, on whose connection the cloud is silent since. */
async function silent(more) {
  const kept = keeper(more);
  const session = await connected(kept, "s");
  session.emit("tpa_connection_ack", { timestamp: new Date(2000).toISOString() });
  session.flush = () => new Promise(() => {});
  const request = (at) => kept.sessions.start({ ...ask("s"), at });
  return { ...kept, session, request };
}

test("a request that the cloud made after the ack starts a session anew, if its connection is silent for 1 s", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const { sessions, made, told, session, request } = await silent();
    const started = request(2001);
    await settled();
    mock.timers.tick(999);
    await settled();
    assert.equal(session.state, "connected");
    assert.deepEqual(
      session.sent.map(({ type }) => type),
      ["subscription_update"],
      "without a message there is no ping",
    );
    mock.timers.tick(1);
    await settled();
    assert.equal(session.state, "stopped");
    assert.deepEqual(told.at(-1), ["onStop", session]);
    made[1].ack();
    assert.equal((await started).status, 200);
    assert.equal(sessions.live.get("s"), made[1]);
  } finally {
    mock.timers.reset();
  }
});

test("such a request is served where the cluster decides", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const served = [];
    const again = ({ at }) => Promise.resolve({ status: 200 + served.push(at) });
    const { made, request } = await silent({ again });
    const started = request(2001);
    await settled();
    mock.timers.tick(1000);
    assert.equal((await started).status, 201);
    assert.deepEqual(served, [2001]);
    assert.equal(made.length, 1);
  } finally {
    mock.timers.reset();
  }
});

test("a request leaves a connection that it may have crossed, or on which the cloud answers, or never does", async () => {
  for (const [at, flush] of [
    [2000, undefined],
    [2001, () => Promise.resolve()],
    [2001, () => Promise.reject(Object.assign(new Error("no pongs"), { code: "NOT_SUPPORTED" }))],
  ]) {
    const { made, told, session, request } = await silent();
    if (flush !== undefined) Object.assign(session, { flush });
    assert.equal((await request(at)).status, 200);
    assert.equal(session.state, "connected");
    assert.deepEqual([made.length, told.length], [1, 1]);
  }
});

test("a closure that is heard within that second starts one session", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const { sessions, made, session, request } = await silent();
    const started = request(2001);
    await settled();
    session.end("App stopped", "AppStopped");
    await settled();
    made[1].ack();
    mock.timers.tick(1000);
    assert.equal((await started).status, 200);
    assert.equal(made.length, 2);
    assert.equal(sessions.live.get("s"), made[1]);
  } finally {
    mock.timers.reset();
  }
});

test("a connection that is lost within that second is made again by its session", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const { made, session, request } = await silent();
    const started = request(2001);
    await settled();
    session.lose();
    mock.timers.tick(1000);
    await settled();
    session.ack();
    assert.equal((await started).status, 200);
    assert.equal(made.length, 1);
  } finally {
    mock.timers.reset();
  }
});
