/** Servers of the package that share a Redis, with each client, and a real cloud. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { PACKAGE, app, ask, load, request } from "../package/server-support.mjs";
import { project } from "../package/support.mjs";
import { Cloud } from "../support/cloud.mjs";
import { until } from "../support/until.mjs";
import { CLIENTS } from "./clients.mjs";
import { RedisServer } from "./redis-server.mjs";

let place;
let cloud;
let redis;
let createTpaServer;
let redisCluster;

before(async () => {
  place = project({ ws: true });
  [cloud, redis] = await Promise.all([Cloud.start("--stream-interval", "1h"), RedisServer.start()]);
  ({ createTpaServer } = load(place, "tpa-session/server"));
  ({ redisCluster } = load(place, "tpa-session/cluster"));
});
after(async () => {
  cloud?.stop();
  await redis?.stop();
  place?.remove();
});

/** Two servers, as of two processes, which know each other. */
async function servers(t, single, prefix) {
  const running = [];
  for (const name of ["one", "two"]) {
    const cluster = redisCluster({ client: single(redis.port), prefix, name });
    const server = await app(createTpaServer, { cluster, onStop: () => ({ page: 3 }) });
    t.after(() => server.stop());
    await until("a server that is ready", async () => {
      const { status } = await fetch(server.webhook.replace("/webhook", "/health?ready"));
      return status === 200;
    });
    running.push(server);
  }
  // The first learns of the second by its next beat.
  const { two } = await beats(prefix);
  await until("a beat", async () => (await beats(prefix)).one > two);
  return running;
}

/** Times of the last beats. */
async function beats(prefix) {
  const flat = await redis.ask("HGETALL", `{tpa:${PACKAGE}:${prefix}}:m`);
  const at = (name) => Number.parseInt(flat[flat.findIndex((each) => each.startsWith(name)) + 1]);
  return { one: at("one."), two: at("two.") };
}

const start = (userId) =>
  request(userId, { augmentOSWebsocketUrl: `${cloud.url.replace("http", "ws")}/tpa-ws` });
const stop = (userId) => ({ type: "stop_request", sessionId: `${userId}-${PACKAGE}`, userId });

for (const [i, { name, single }] of CLIENTS.entries()) {
  describe(name, () => {
    test("a stop that reaches the other process ends the session, and a start begins it there", async (t) => {
      const [one, two] = await servers(t, single, `stops-${i}`);
      const userId = `ann${i}`;
      assert.deepEqual(await ask(one.webhook, start(userId)), { status: "success" });
      assert.deepEqual(await ask(two.webhook, stop(userId)), { status: "success" });
      assert.equal((await one.nth("onStop", 0)).kind, "AppStopped");
      assert.deepEqual(await ask(two.webhook, start(userId)), { status: "success" });
      assert.deepEqual([one.server.sessions.size, two.server.sessions.size], [0, 1]);
      assert.deepEqual(await ask(one.webhook, start(userId)), { status: "success" });
      assert.deepEqual([one.server.sessions.size, two.server.sessions.size], [0, 1]);
    });

    test("a process that closes hands its session over, with what onStop returns", async (t) => {
      const [one, two] = await servers(t, single, `moves-${i}`);
      const userId = `bob${i}`;
      await ask(one.webhook, start(userId));
      await one.server.close({ timeout: 10_000 });
      assert.deepEqual((await two.nth("onSession", 0)).previous, { page: 3 });
      assert.equal(two.server.sessions.get(`${userId}-${PACKAGE}`)?.state, "connected");
      const keys = await redis.ask("KEYS", `*moves-${i}*:s:*`);
      assert.deepEqual(keys, [`{tpa:${PACKAGE}:moves-${i}}:s:${userId}-${PACKAGE}`]);
      const record = await redis.ask("HGETALL", keys[0]);
      assert.match(record[record.indexOf("o") + 1], /^two\./);
    });
  });
}

for (const [i, { name, single }] of CLIENTS.entries()) {
  test(`${name}: a session that moves while its process has no subscription ends there at once`, async (t) => {
    // A cloud that tells the old connection nothing.
    const deaf = await Cloud.start("--stream-interval", "1h", "--old-connection", "deaf");
    t.after(() => deaf.stop());
    const [one, two] = await servers(t, single, `deaf-${i}`);
    const body = request(`eve${i}`, { augmentOSWebsocketUrl: `${deaf.url.replace("http", "ws")}/tpa-ws` });
    assert.deepEqual(await ask(one.webhook, body), { status: "success" });
    // A claim is checked after the next beat, which is over by the one after that.
    const { one: claimed } = await beats(`deaf-${i}`);
    await until("two beats", async () => (await beats(`deaf-${i}`)).one > claimed + 3000);
    const admin = await redis.keepOut();
    t.after(() => admin.letIn());
    assert.deepEqual(await ask(two.webhook, body), { status: "success" });
    assert.deepEqual([one.server.sessions.size, two.server.sessions.size], [1, 1]);
    await admin.letIn();
    const start = performance.now();
    await until("the older one has ended", () => one.server.sessions.size === 0);
    const ms = performance.now() - start;
    t.diagnostic(`after ${Math.round(ms)} ms`);
    // Its next regular check comes 15 s after its start or the one before.
    assert.ok(ms < 5000, `${ms} ms`);
    assert.equal(two.server.sessions.size, 1);
  });
}

test("wrong options are refused", () => {
  const client = CLIENTS[0].single(redis.port);
  for (const given of [{}, undefined, null, "redis://app:secret-of-the-app@localhost"]) {
    assert.throws(() => redisCluster(given), {
      name: "TypeError",
      message: /^client: must be a client of redis.* not undefined$/,
    });
  }
  // Without the prefix, two environments would start each other's sessions.
  assert.throws(() => redisCluster({ client, prefx: "staging" }), {
    name: "TypeError",
    message: "prefx: unknown option, did you mean prefix?",
  });
  assert.throws(() => redisCluster({ client, prefix: "{a}" }), {
    name: "TypeError",
    message: 'prefix: must be 1 to 100 characters without spaces and braces, not "{a}"',
  });
  assert.throws(() => redisCluster({ client, lease: 5000 }), {
    name: "TypeError",
    message: /^lease: must be /,
  });
});
