/** `TestCloud` under fake timers: hours in a moment. */
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";

import { ID, setUp } from "./support.mjs";

/** Replaces the timers of the test, and `performance.now()` with them. */
function fakeTimers(t) {
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"], now: 1_700_000_000_000 });
  performance.now = () => Date.now() - 1_700_000_000_000;
  t.after(restore);
}

function restore() {
  mock.timers.reset();
  delete performance.now;
}

/** Advances the time in steps, with what happens in promises between them. */
async function advance(ms, step = 100) {
  for (let at = 0; at < ms; at += step) {
    mock.timers.tick(Math.min(step, ms - at));
    await turn();
  }
}

test("a session connects while no timer is advanced", async (t) => {
  fakeTimers(t);
  const { cloud, session } = setUp(t);
  await session.connect(ID);
  assert.equal(cloud.connections.length, 1);
});

test("a tunnel of 40 s is lived through", async (t) => {
  fakeTimers(t);
  const { cloud, session } = setUp(t);
  await session.connect(ID);
  cloud.freeze({ forMs: 40_000 });
  session.layouts.showTextWall("in the tunnel");
  await advance(30_000);
  assert.equal(cloud.displays.length, 0);
  await advance(60_000);
  assert.equal(session.state, "connected");
  assert.equal(cloud.displays.at(-1).layout.text, "in the tunnel");
});

test("an hour of a dashboard with a cut every minute takes 2 s", async (t) => {
  fakeTimers(t);
  const { cloud, session } = setUp(t, { maxReconnectAttempts: Infinity });
  await session.connect(ID);
  const before = process.cpuUsage();
  const updates = setInterval(() => session.layouts.showTextWall(String(Date.now())), 1000);
  const cuts = setInterval(() => cloud.cut(), 60_000);
  await advance(3_600_000, 1000);
  clearInterval(updates);
  clearInterval(cuts);
  const { user, system } = process.cpuUsage(before);
  const took = (user + system) / 1000;
  t.diagnostic(`an hour took ${Math.round(took)} ms`);
  assert.equal(cloud.closures.filter(({ code }) => code === 1006).length, 60);
  assert.ok(cloud.displays.length > 3400, String(cloud.displays.length));
  await advance(5000);
  assert.equal(session.state, "connected");
  // Time of the processor, and with room for a slow one.
  assert.ok(took < 4000, `${took} ms`);
});

test("synchronous ticks deliver frames too", async (t) => {
  fakeTimers(t);
  const { cloud, session } = setUp(t);
  await session.connect(ID);
  session.layouts.showTextWall("now");
  mock.timers.tick(0);
  mock.timers.tick(40_000);
  assert.equal(cloud.displays.length, 1);
  assert.equal(cloud.connections.length, 1);
});

for (const [options, least, most] of [
  [{}, 0, 0],
  [{ streamInterval: "1s" }, 50, 61],
]) {
  test(`in a minute with ${JSON.stringify(options)}, ${least} to ${most} scripted texts are heard`, async (t) => {
    fakeTimers(t);
    const { cloud, session } = setUp(t, { cloud: options });
    let count = 0;
    session.events.onTranscription(() => count++);
    await session.connect(ID);
    await advance(60_000, 500);
    assert.equal(cloud.connections.length, 1);
    assert.ok(count >= least && count <= most, String(count));
  });
}

test("a timer that is faked alone drives the cloud", async (t) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  t.after(() => mock.timers.reset());
  const { cloud, session } = setUp(t);
  await session.connect(ID);
  cloud.delay(10_000, { direction: "up" });
  session.layouts.showTextWall("late");
  await advance(9_000);
  assert.equal(cloud.displays.length, 0);
  await advance(2_000);
  assert.equal(cloud.displays.length, 1);
});

test("timers that are faked during a session and taken away again do no harm", async (t) => {
  const { cloud, session } = setUp(t, { reconnectDelay: 10 });
  await session.connect(ID);
  fakeTimers(t);
  session.layouts.showTextWall("faked");
  await advance(20_000);
  assert.equal(cloud.displays.length, 1);
  restore();
  session.layouts.showTextWall("real");
  await cloud.until(() => cloud.displays.length === 2);
  assert.equal(session.state, "connected");
});

test("timers of which only setTimeout is faked drive a session through reconnections", async (t) => {
  const { clearTimeout: real } = globalThis;
  mock.timers.enable({ apis: ["setTimeout"] });
  // As `toFake: ["setTimeout"]` of other libraries: what is cleared fires all the same.
  globalThis.clearTimeout = real;
  t.after(() => mock.timers.reset());
  const { cloud, session } = setUp(t);
  await session.connect(ID);
  for (let cut = 0; cut < 5; cut++) {
    session.layouts.showTextWall(String(cut));
    cloud.cut();
    await advance(10_000);
    assert.equal(session.state, "connected", `after cut ${cut}`);
  }
  session.dispose();
  cloud.dispose();
  // Everything that was set, and cleared in vain, fires.
  await advance(120_000, 1000);
  assert.equal(session.state, "stopped");
});
