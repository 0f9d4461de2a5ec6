/** Messages that pass the wasm by, with the packed package in Node. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { connected } from "./connected.mjs";

const card = (text, view = "main") => ({
  type: "display_event",
  view,
  layout: { layoutType: "text_wall", text },
});

test("a burst arrives in order, is counted and is confirmed", async () => {
  const cloud = await connected();
  await cloud.flush();
  const before = cloud.session.stats.sent;
  for (let n = 0; n < 600; n++) {
    const message = n % 50 === 49 ? card(`dashboard ${n}`, "dashboard") : card(`main ${n}`);
    assert.equal(cloud.session.send(n % 7 === 0 ? { type: "note", n } : message), "sent");
  }
  assert.equal(cloud.session.stats.sent, before + 600);
  await cloud.session.flush();
  const numbers = cloud.heard().map(({ n, layout }) => n ?? Number(layout.text.split(" ")[1]));
  assert.deepEqual(
    numbers,
    Array.from({ length: 600 }, (_, n) => n),
  );
  cloud.session.disconnect();
});

test("the last card is sent once more where the line was lost, and no other", async () => {
  const cloud = await connected({}, { reconnectDelay: 50 });
  await cloud.flush();
  for (let n = 0; n < 20; n++) cloud.session.send(card(`main ${n}`));
  await cloud.cut();
  await cloud.flush();
  assert.deepEqual(
    cloud.heard().map(({ layout }) => layout.text),
    ["main 19"],
  );
  cloud.session.disconnect();
});

test("calls from inside a message keep their order", async () => {
  const cloud = await connected();
  await cloud.flush();
  const { session } = cloud;
  session.send({ type: "note", n: 0 });
  const inner = { n: 2, toJSON: () => (session.send({ type: "note", n: 1 }), { type: "note", n: 2 }) };
  assert.equal(session.send(inner), "sent");
  const flushing = {
    type: "note",
    get n() {
      void session.flush();
      return 3;
    },
  };
  assert.equal(session.send(flushing), "sent");
  const ending = { toJSON: () => (session.disconnect(), { type: "note", n: 4 }) };
  await session.flush();
  assert.equal(session.send(ending), "dropped");
  assert.deepEqual(
    cloud.heard().map(({ n }) => n),
    [0, 1, 2, 3],
  );
});

test("what a socket cannot take waits in the queue", async () => {
  const cloud = await connected();
  await cloud.flush();
  const { session } = cloud;
  session.send({ type: "note", n: 0 });
  const text = "x".repeat(100_000);
  const replies = Array.from({ length: 5 }, (_, n) => session.send({ type: "note", n: n + 1, text }));
  assert.ok(replies.includes("queued"), replies.join());
  await session.flush();
  assert.deepEqual(
    cloud.heard().map(({ n }) => n),
    [0, 1, 2, 3, 4, 5],
  );
  session.disconnect();
});

test("messages that were sent before the clock goes back are not in the future", async () => {
  const { now } = performance;
  performance.now = () => now.call(performance) + 3_600_000;
  const cloud = await connected();
  const { session } = cloud;
  try {
    await cloud.flush();
    for (let n = 0; n < 3; n++) session.send(card(`card ${n}`));
  } finally {
    performance.now = now;
  }
  assert.ok(session.timeline().length > 0, "reads the clock");
  await cloud.flush();
  assert.ok(session.stats.lastHeard <= Date.now() + 1000, `${session.stats.lastHeard - Date.now()} ms ahead`);
  session.disconnect();
});
