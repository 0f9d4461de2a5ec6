/** Servers of the package in one process, with a store in memory, and tpa-cloud as the witness. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

import { WebSocket } from "ws";

import { Cloud } from "../support/cloud.mjs";
import { PACKAGE } from "../support/paths.mjs";
import { until } from "../support/until.mjs";

const { createTpaServer } = await import(pathToFileURL(join(PACKAGE, "server-node.js")).href);
const { MemoryStore, createCluster } = await import(pathToFileURL(join(PACKAGE, "cluster-node.js")).href);
const APP = "org.example.cluster";

/** Starts a server on a free port. */
async function start(t, memory, options) {
  const told = [];
  const server = createTpaServer({
    packageName: APP,
    apiKey: "dev-key",
    authorize: () => true,
    handleSignals: false,
    session: { logLevel: "silent" },
    onSession: (session, { userId, previous }) => told.push({ what: "onSession", userId, previous, session }),
    onStop: (reason, { userId }) => {
      told.push({ what: "onStop", userId, reason });
      return { of: userId };
    },
    cluster: createCluster({ open: (opening) => memory.open(opening) }),
    ...options,
  });
  const http = createServer(server.node).listen(0, "127.0.0.1");
  await once(http, "listening");
  t.after(() => {
    http.closeAllConnections();
    http.close();
    return server.close({ timeout: 0 });
  });
  return { server, told, webhook: `http://127.0.0.1:${http.address().port}/webhook` };
}

/** Sends a request to a server. */
async function post(webhook, body) {
  const headers = { "content-type": "application/json" };
  const response = await fetch(webhook, { method: "POST", headers, body: JSON.stringify(body) });
  return { code: response.status, body: await response.json() };
}

const stop = (userId) => ({
  type: "stop_request",
  sessionId: `${userId}-${APP}`,
  userId,
  reason: "user_disabled",
});

/** True if the cloud hears the app of a user. */
async function isHeard(cloud, userId) {
  const user = await cloud.user(userId);
  return user?.apps.some(({ packageName, state }) => packageName === APP && state === "connected") === true;
}

for (const mode of ["close", "deaf", "detach"]) {
  test(`a process that leaves hands its sessions over, on a cloud that treats old connections with ${mode}`, async (t) => {
    const cloud = await Cloud.start("--old-connection", mode);
    t.after(() => cloud.stop());
    const memory = new MemoryStore();
    // The second one knows the first from its start.
    const other = await start(t, memory);
    const one = await start(t, memory);
    const users = ["ada", "bob", "eve"];
    for (const userId of users) {
      const response = await cloud.post("/apps", { packageName: APP, userId, webhookUrl: one.webhook });
      assert.ok(response.ok, await response.text());
    }
    await until("the sessions are there", () => one.told.length === users.length);
    await one.server.close();
    await until("the sessions have moved", () => other.told.length === users.length);
    for (const { userId, previous } of other.told) assert.deepEqual(previous, { of: userId });
    assert.deepEqual(
      one.told.filter(({ what }) => what === "onStop").map(({ reason }) => reason),
      users.map(() => "handover"),
    );
    for (const userId of users) await until(`${userId} is heard`, () => isHeard(cloud, userId));
    // A stop reaches the process with the session from any other.
    const third = await start(t, memory);
    assert.equal((await post(third.webhook, stop("ada"))).code, 200);
    assert.equal(other.told.at(-1).what, "onStop");
  });
}

test("a hand-over has time for an onStop of 3 s", async (t) => {
  const cloud = await Cloud.start();
  t.after(() => cloud.stop());
  const memory = new MemoryStore();
  const other = await start(t, memory);
  const one = await start(t, memory, {
    onStop: () => new Promise((resolve) => setTimeout(resolve, 3000, { of: "ada" })),
  });
  await cloud.post("/apps", { packageName: APP, userId: "ada", webhookUrl: one.webhook });
  await until("the session is there", () => one.told.length === 1);
  await one.server.close();
  await until("the session has moved", () => other.told.length === 1);
  assert.deepEqual(other.told[0].previous, { of: "ada" });
});

test("the next process dials while onStop runs, and its session uses that socket", async (t) => {
  const cloud = await Cloud.start();
  t.after(() => cloud.stop());
  const memory = new MemoryStore();
  const dials = [];
  class Counting extends WebSocket {
    constructor(...args) {
      super(...args);
      dials.push(args[2]?.maxPayload);
    }
  }
  const session = { logLevel: "silent", WebSocket: Counting, maxFrameBytes: 50_000 };
  const other = await start(t, memory, { session });
  const sends = [];
  const onStop = async (reason, context) => {
    sends.push(context.session.send({ type: "late" }));
    await until("the dial", () => dials.length > 0);
  };
  const one = await start(t, memory, { onStop });
  const response = await cloud.post("/apps", { packageName: APP, userId: "ada", webhookUrl: one.webhook });
  assert.ok(response.ok, await response.text());
  await until("the session is there", () => one.told.length === 1);
  await one.server.close({ timeout: 5000 });
  await until("the session has moved", () => other.told.length === 1);
  assert.deepEqual(sends, ["dropped"]);
  assert.deepEqual(dials, [50_000], "one socket, with the limit of the option");
  await until("ada is heard", () => isHeard(cloud, "ada"));
});
