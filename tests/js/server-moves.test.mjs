/** Sessions of a server that move to another cloud. */
import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { ask, connected, keeper, refusal, settled, stop } from "./scripted-sessions.mjs";

test("a session that moves is one more that connects", async () => {
  const kept = keeper({ maxSessions: 3, maxUnconnectedSessions: 1 });
  const { sessions, made } = kept;
  for (const id of ["a", "b", "c"]) await connected(kept, id, "ws://one/");
  void sessions.start(ask("a", "ws://two/"));
  await assert.rejects(sessions.start(ask("b", "ws://two/")), refusal(429));
  assert.equal(made[1].state, "connected");
  // One that is connecting already takes no more room elsewhere.
  await connected(kept, "a", "ws://three/");
  await connected(kept, "b", "ws://two/");
  assert.equal(sessions.live.size, 3);
});

for (const [name, between] of [
  ["moves again", () => {}],
  ["is stopped and started", (sessions) => sessions.stop(stop("s"))],
]) {
  test(`a session that ${name} during its move waits for the release and onStop`, async () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    try {
      let finish;
      const kept = keeper({ onStop: () => new Promise((resolve) => (finish = resolve)) });
      const { sessions, made, told } = kept;
      const first = await connected(kept, "s", "ws://one/");
      let released;
      first.flush = () => new Promise((resolve) => (released = resolve));
      const moved = sessions.start(ask("s", "ws://two/"));
      void between(sessions);
      const back = sessions.start(ask("s", "ws://one/"));
      await settled();
      assert.deepEqual(
        made.map(({ state }) => state),
        ["connected", "idle", "idle"],
      );
      released();
      await settled();
      assert.deepEqual(told.at(-1), ["onStop", first]);
      assert.equal(made[2].state, "idle");
      finish();
      await settled();
      made[2].ack();
      assert.equal((await moved).status, 502);
      assert.equal((await back).status, 200);
      assert.deepEqual(told.at(-1), ["onSession", made[2]]);
    } finally {
      mock.timers.reset();
    }
  });
}

test("a stop names no cloud: that of the cloud that the user has left ends the session on the other one", async () => {
  const kept = keeper();
  const { sessions, made, told } = kept;
  await connected(kept, "s", "ws://one/");
  await connected(kept, "s", "ws://two/");
  assert.equal((await sessions.stop(stop("s"))).status, 200);
  assert.deepEqual(
    made.map(({ state }) => state),
    ["stopped", "stopped"],
  );
  assert.equal(told.filter(([what]) => what === "onStop").length, 2);
  assert.equal(sessions.live.size, 0);
  // That cloud starts it again.
  assert.equal(await connected(kept, "s", "ws://two/"), sessions.live.get("s"));
});
