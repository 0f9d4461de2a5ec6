/** Clouds that treat the older connection of a session in different ways, over real sockets. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { json } from "node:stream/consumers";
import { test } from "node:test";

import { app } from "./peer.mjs";
import { Cloud } from "../support/cloud.mjs";

const packageName = "org.example.app";

/** Starts a cloud; `join()` connects another session with the same id. */
async function start(t, mode) {
  const options = ["--stream-interval", "20ms", "--restart-app-after", "300ms"];
  const cloud = await Cloud.start("--old-connection", mode, ...options);
  t.after(() => cloud.stop());
  const join = async () => {
    const { session, told, next } = app(`${cloud.url.replace("http", "ws")}/tpa-ws`);
    session.on("head_position", () => {});
    await session.connect(`user1-${packageName}`);
    return { session, told, next, hears: () => next("head_position") };
  };
  return { cloud, join };
}

/** Asserts that a session is connected, and that frames to the app do not reach it. */
async function isDeaf({ session }, { hears }) {
  const before = session.stats.received;
  for (let i = 0; i < 3; i++) await hears();
  assert.deepEqual([session.state, session.stats.received], ["connected", before]);
}

test("close: the older session ends and the newer one hears", async (t) => {
  const { join } = await start(t, "close");
  const first = await join();
  await first.hears();
  const end = first.next("disconnected");
  const second = await join();
  const { code, permanent } = await end;
  assert.deepEqual({ code, permanent }, { code: 4009, permanent: true });
  await second.hears();
  assert.equal(second.session.state, "connected");
});

test("detach: the older session hears nothing, and its end leaves the newer one as it is", async (t) => {
  const { join } = await start(t, "detach");
  const first = await join();
  await first.hears();
  const second = await join();
  await isDeaf(first, second);
  const end = first.next("disconnected");
  first.session.disconnect();
  await end;
  for (let i = 0; i < 3; i++) await second.hears();
  assert.equal(second.told.disconnected.length, 0);
});

test("deaf: the end of the older session makes the newer one deaf until the app is restarted", async (t) => {
  const { cloud, join } = await start(t, "deaf");
  const sessions = [];
  const requests = [];
  let restarted;
  const isRestarted = new Promise((resolve) => (restarted = resolve));
  const webhook = createServer(async (request, response) => {
    const { type } = await json(request);
    requests.push(type);
    if (type === "stop_request") sessions.at(-1).session.disconnect();
    response.end('{"status":"success"}');
    if (type !== "session_request") return;
    sessions.push(await join());
    if (requests.length > 1) restarted();
  });
  webhook.listen(0, "127.0.0.1");
  await once(webhook, "listening");
  t.after(() => webhook.close());
  const webhookUrl = `http://127.0.0.1:${webhook.address().port}/webhook`;
  await cloud.post("/apps", { packageName, userId: "user1", webhookUrl });
  while (sessions.length === 0) await new Promise(setImmediate);
  const [first] = sessions;
  await first.hears();
  const second = await join();
  sessions.push(second);
  await isDeaf(first, second);
  first.session.disconnect();
  await isRestarted;
  assert.deepEqual(requests, ["session_request", "stop_request", "session_request"]);
  assert.deepEqual(
    second.told.disconnected.map(({ code, permanent }) => [code, permanent]),
    [[1000, true]],
  );
  const third = sessions.at(-1);
  for (let i = 0; i < 3; i++) await third.hears();
  assert.equal(third.session.state, "connected");
});
