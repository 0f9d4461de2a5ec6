/** Messages on their way: `sent`, `dropped`, state that is sent once more, and refused messages. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "node:test";

import { ID, app, peer } from "./peer.mjs";

/**
 * A cloud that answers pings, and closes a connection on a frame for which `refuses` gives a code and a
 * reason. `received` has the types of the other messages.
 */
async function cloud(refuses = () => undefined) {
  const received = [];
  const treat = ({ socket }) =>
    socket.on("message", (data) => {
      if (socket.readyState !== 1) return;
      const frame = JSON.parse(data);
      const refusal = refuses(frame);
      if (refusal !== undefined) socket.close(...refusal);
      else if (frame.type === "tpa_connection_init")
        socket.send('{"type":"tpa_connection_ack","settings":[]}');
      else if (frame.type === "ping") socket.send(JSON.stringify({ ...frame, type: "pong" }));
      else received.push(frame.type);
    });
  const { url, dials } = await peer(treat);
  return { url, dials, received };
}

/** Waits until a condition holds. */
async function until(holds) {
  while (!holds()) await sleep(5);
}

test("`sent` has the queued message itself, and comes once", async () => {
  const { url } = await cloud();
  const { session } = app(url);
  const sent = [];
  session.on("sent", ({ message }) => sent.push(message));
  const message = { type: "queued" };
  assert.equal(session.send(message), "queued");
  await session.connect(ID);
  assert.equal(session.send({ type: "direct" }), "sent");
  await session.flush();
  assert.equal(sent.length, 1);
  assert.equal(sent[0], message);
});

test("replay must be a boolean", () => {
  const { session } = app("ws://127.0.0.1:1");
  const send = () => session.send({ type: "x" }, { replay: "no" });
  assert.throws(send, { name: "TypeError", message: /^replay: must be true or false/ });
});

for (const [delivery, closure] of [
  ["at-least-once", [1009, ""]],
  ["at-least-once", [1008, "Malformed message"]],
  ["at-most-once", [1009, ""]],
]) {
  test(`${delivery}: a message refused with ${closure} does not hold up the others`, async () => {
    const { url, received } = await cloud(({ type }) => (type === "bad" ? closure : undefined));
    const { session } = app(url, { delivery });
    const dropped = [];
    session.on("dropped", ({ message, reason }) => dropped.push([message.type, reason]));
    await session.connect(ID);
    await session.flush();
    if (delivery === "at-most-once") {
      // What is under way together with the first is lost; the search begins with the second.
      session.send({ type: "bad" });
      await new Promise((resolve) => session.once("reconnecting", resolve));
    }
    session.send({ type: "bad" });
    session.send({ type: "good" });
    await until(() => received.includes("good"));
    assert.deepEqual(dropped, [["bad", "refused"]]);
    assert.equal(session.state, "connected");
  });
}

test("a stream that is refused twice is left out", async () => {
  const refuses = ({ subscriptions }) =>
    subscriptions?.includes("custom_message")
      ? [1008, "Invalid subscription type: custom_message"]
      : undefined;
  const { url } = await cloud(refuses);
  const { session, next } = app(url);
  session.subscribe(["custom_message", "button_press"]);
  const error = next("error");
  await session.connect(ID);
  assert.equal((await error).code, "SUBSCRIPTION_REFUSED");
  assert.deepEqual(session.subscriptions, ["button_press"]);
  await next("connected");
});

test("a handler of `dropped` that sends again does not loop", () => {
  const { session } = app("ws://127.0.0.1:1", { maxQueuedMessages: 1 });
  const dropped = [];
  session.on("dropped", ({ message }) => dropped.push([message.n, session.send(message)]));
  assert.equal(session.send({ type: "x", n: 1 }), "queued");
  assert.equal(session.send({ type: "x", n: 2 }), "queued");
  assert.deepEqual(dropped, [[1, "dropped"]]);
  assert.equal(session.stats.dropped, 2);
});

test("handlers that call the session without end let other tasks run", async () => {
  const lines = [];
  const log = () => {};
  const logger = { error: log, info: log, debug: log, warn: (line) => lines.push(line) };
  const { session } = app("ws://127.0.0.1:1", { logger, logLevel: "warn" });
  let calls = 0;
  const off = session.on("connecting", () => {
    calls++;
    session.disconnect();
    session.connect(ID).catch(() => {});
  });
  session.connect(ID).catch(() => {});
  const before = calls;
  await until(() => calls > before);
  off();
  session.disconnect();
  await until(() => session.state === "stopped");
  assert.equal(lines.filter((line) => line.includes("without end")).length, 1);
});
