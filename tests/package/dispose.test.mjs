/** `dispose()` is final, and nothing waits for a session that has ended. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { connected } from "./connected.mjs";
import { FullSession, ID, TpaConnectionError, app, peer } from "./peer.mjs";

const DISPOSE = Symbol.dispose ?? Symbol.for("Symbol.dispose");

/** Ways to end a session for good. */
const WAYS = {
  "dispose()": (session) => session.dispose(),
  "[Symbol.dispose]()": (session) => session[DISPOSE](),
};

async function assertDisposed(session) {
  assert.equal(session.state, "stopped");
  await assert.rejects(session.connect(ID), (error) => {
    assert.ok(error instanceof TpaConnectionError);
    const { code, kind, attempts, message } = error;
    assert.deepEqual([code, kind, attempts], ["DISPOSED", "ClientDisconnect", 0]);
    assert.equal(message, "The session was disposed");
    return true;
  });
  assert.equal(session.send({ type: "x" }), "dropped");
  await assert.rejects(session.flush(), { code: "SESSION_OVER" });
  const event = () => assert.fail("an event after the end");
  for (const name of ["connecting", "stateChange", "disconnected", "dropped", "error"])
    session.on(name, event);
  session.subscribe("button_press");
  session.unsubscribe("button_press");
  session.layouts.showTextWall("a");
  session.dashboard.content.write("a");
  session.reconnectNow();
  session.releaseOwnership();
  session.disconnect();
  session.dispose();
  session.free();
  session.timeline();
  void [session.stats, session.subscriptions, session.sessionId, session.userId];
  assert.deepEqual(await session.stream("button_press").next(), { value: undefined, done: true });
  assert.equal(session.state, "stopped");
}

for (const [what, dispose] of Object.entries(WAYS)) {
  test(`${what} ends a connected session for good`, async () => {
    const { session, closed } = await connected();
    const ends = [];
    session.on("disconnected", ({ permanent, kind }) => ends.push([permanent, kind]));
    dispose(session);
    assert.deepEqual(ends, [[true, "ClientDisconnect"]]);
    await closed();
    await assertDisposed(session);
  });

  test(`${what} ends a session that was never started, with what waits in it`, async () => {
    const { session } = app("ws://127.0.0.1:1", { Session: FullSession });
    const told = [];
    session.on("dropped", ({ message, reason }) => told.push([message.type, reason]));
    session.on("disconnected", ({ permanent }) => told.push(["disconnected", permanent]));
    const press = session.stream("button_press").next();
    const photo = session.camera.requestPhoto();
    session.send({ type: "x" });
    dispose(session);
    assert.deepEqual(told, [
      ["photo_request", "ended"],
      ["x", "ended"],
      ["disconnected", true],
    ]);
    assert.equal((await press).done, true);
    await assert.rejects(photo, { name: "TpaRequestError" });
    await assertDisposed(session);
  });

  test(`${what} ends a session that waits for an attempt, and one that has ended`, async () => {
    const { session, next } = app("ws://127.0.0.1:1", { reconnectDelay: 60_000 });
    const connect = session.connect(ID);
    await next("reconnecting");
    dispose(session);
    await assert.rejects(connect, { name: "TpaConnectionError", code: 1000 });
    await assertDisposed(session);
    const { session: other } = await connected();
    other.disconnect();
    dispose(other);
    await assertDisposed(other);
  });

  test(`${what} in a handler of the session ends it for good`, async () => {
    for (const event of ["connecting", "connected", "stateChange"]) {
      const { url } = await peer(({ socket }) =>
        socket.on("message", () => socket.send('{"type":"tpa_connection_ack"}')),
      );
      const { session } = app(url);
      session.on(event, () => dispose(session));
      await session.connect(ID).catch(() => {});
      assert.equal(session.state, "stopped", event);
      await assert.rejects(session.connect(ID), { code: "DISPOSED" });
    }
  });
}

test("a stream that is taken after the end ends, unless the session is started again", async () => {
  const cloud = await connected();
  const { session } = cloud;
  session.disconnect();
  for await (const press of session.stream("button_press")) assert.fail(press);
  const presses = session.stream("button_press");
  await session.connect(ID);
  const next = presses.next();
  await cloud.stream("button_press", { buttonId: "main", pressType: "short" });
  assert.equal((await next).value.buttonId, "main");
});

test("flush() before connect() says so", async () => {
  const { session } = app("ws://127.0.0.1:1");
  await assert.rejects(session.flush(), { code: "NOT_STARTED", message: "connect() was not called" });
});
