/** What the processes send to Redis: no key of the app, no secret in a URL, nothing that a session shows. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";

import { KEY, PACKAGE, app, ask, load, request } from "../package/server-support.mjs";
import { project } from "../package/support.mjs";
import { Cloud } from "../support/cloud.mjs";
import { until } from "../support/until.mjs";
import { CLIENTS } from "./clients.mjs";
import { RedisServer } from "./redis-server.mjs";

const [{ single }] = CLIENTS;
const SECRETS = [KEY, "s3cret-of-a-user", "s3cret-of-the-url", "s3cret-of-a-card"];

/** Reads all commands that a server is sent. */
async function monitor(t, { port }) {
  const socket = connect(port, "127.0.0.1");
  t.after(() => socket.destroy());
  let text = "";
  socket.setEncoding("utf8").on("data", (chunk) => (text += chunk));
  await once(socket, "connect");
  socket.write("MONITOR\r\n");
  await until("the monitor", () => text.startsWith("+OK"));
  return () => text;
}

test("a session that is started, stopped, passed on and handed over leaves no secret in Redis", async (t) => {
  const place = project({ ws: true });
  t.after(() => place.remove());
  const [cloud, redis] = await Promise.all([Cloud.start("--stream-interval", "1h"), RedisServer.start()]);
  t.after(() => Promise.all([cloud.stop(), redis.stop()]));
  const { createTpaServer } = load(place, "tpa-session/server");
  const { redisCluster } = load(place, "tpa-session/cluster");
  const sent = await monitor(t, redis);
  const servers = [];
  for (const name of ["one", "two"]) {
    const server = await app(createTpaServer, {
      cluster: redisCluster({ client: single(redis.port), name }),
      onSession: (session) => session.layouts.showTextWall("s3cret-of-a-card"),
      onStop: () => ({ page: 7 }),
    });
    t.after(() => server.stop());
    servers.push(server);
  }
  const [one, two] = servers;
  // The first learns of the second by its next beat.
  const knowsOther = () =>
    sent().includes(":i:two.") && sent().lastIndexOf(":i:one.") > sent().indexOf(":i:two.");
  await until("both processes", knowsOther);

  const address = cloud.url.replace("http://", "ws://ada:s3cret-of-a-user@");
  const start = (userId) =>
    request(userId, { augmentOSWebsocketUrl: `${address}/tpa-ws?token=s3cret-of-the-url` });
  const id = (userId) => `${userId}-${PACKAGE}`;
  for (const userId of ["ada", "eve"]) {
    assert.deepEqual(await ask(one.webhook, start(userId)), { status: "success" });
    assert.deepEqual(await ask(two.webhook, start(userId)), { status: "success" });
  }
  const stop = { type: "stop_request", sessionId: id("eve"), userId: "eve", reason: "user_disabled" };
  assert.deepEqual(await ask(two.webhook, stop), { status: "success" });
  await one.server.close({ timeout: 10_000 });
  assert.deepEqual((await two.nth("onSession", 0)).previous, { page: 7 });

  // The monitor sees what was sent, and the shown text has reached the cloud.
  for (const text of [id("ada"), "yours", `${new URL(cloud.url).host}/tpa-ws`, "page"]) {
    assert.ok(sent().includes(text), text);
  }
  await until("the card", async () => JSON.stringify(await cloud.user("ada")).includes("s3cret-of-a-card"));
  for (const secret of SECRETS) assert.ok(!sent().includes(secret), secret);

  const keys = await redis.ask("KEYS", "*");
  assert.ok(keys.length >= 3, keys.join());
  for (const key of keys) {
    assert.ok(key.startsWith(`{tpa:${PACKAGE}}:`), key);
    assert.ok(Number(await redis.ask("PTTL", key)) > 0, `${key} never expires`);
  }
});
