/** Misbehaving peers and connections, over real sockets. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";

import { ACK, ID, acknowledge, app, left, peer } from "./peer.mjs";
import { Cloud } from "../support/cloud.mjs";

test("each kind of close is reported with its code and followed by a reconnect", async () => {
  const ways = [
    [({ socket }) => socket.close(), 1005, ""],
    [({ socket }) => socket.terminate(), 1006, ""],
    [({ socket }) => socket.close(1011, "oops"), 1011, "oops"],
    [({ socket }) => socket.close(1012, "service restart"), 1012, "service restart"],
    [({ socket }) => socket.close(1013), 1013, ""],
    [({ socket }) => socket.close(4321, "why é"), 4321, "why é"],
  ];
  const { url, dials } = await peer(acknowledge);
  const { session, told, next } = app(url, { stableAfter: 0 });
  await session.connect(ID);
  for (const [leave] of ways) {
    const again = next("connected");
    leave(dials.at(-1));
    await again;
  }
  const facts = ({ code, reason, wasClean, permanent }) => ({ code, reason, wasClean, permanent });
  assert.deepEqual(
    told.disconnected.map(facts),
    ways.map(([, code, reason]) => ({ code, reason, wasClean: false, permanent: false })),
  );
});

test("a silent peer is abandoned without waiting for its close", async () => {
  const { url, dials } = await peer((dial, nth) => {
    acknowledge(dial);
    dial.socket.on("message", (data) => {
      if (nth > 1 || JSON.parse(data).type !== "ping") return;
      dial.socket.send('{"type":"pong"}', () => dial.tcp.pause());
    });
  });
  const { session, told, next } = app(url, { pingInterval: 50, pongTimeout: 50 });
  await session.connect(ID);
  await next("connected");
  const [{ code, reason, wasClean, willReconnect }] = told.disconnected;
  assert.deepEqual({ code, reason }, { code: 4008, reason: "Liveness timeout" });
  assert.deepEqual({ wasClean, willReconnect }, { wasClean: false, willReconnect: true });
  assert.equal(dials[0].tcp.destroyed, false, "the old socket was not waited for");
});

test("late upgrades are ignored", async () => {
  const late = [];
  const { url, dials } = await peer(acknowledge, (accept, tcp, nth) => {
    late.push(accept);
    if (nth === 3) late.forEach((answer) => answer());
  });
  const { session } = app(url, { connectTimeout: 100 });
  await session.connect(ID);
  await Promise.all([dials[0].closed, dials[1].closed]);
  assert.deepEqual(dials[0].frames, []);
  assert.deepEqual(dials[1].frames, []);
  assert.equal(dials.length, 3);
  assert.equal(dials[2].frames[0].type, "tpa_connection_init");
});

test("a session that is disconnected while connecting never sends", async () => {
  let accept;
  const { url, dials, dial } = await peer(acknowledge, (later) => (accept = later));
  const { session, told } = app(url);
  const promise = session.connect(ID).catch((error) => error);
  await dial();
  session.disconnect();
  assert.equal(told.disconnected.length, 1, "told before disconnect() returns");
  accept();
  assert.equal((await promise).kind, "ClientDisconnect");
  await dials[0].closed;
  assert.deepEqual(dials[0].frames, []);
  assert.equal(told.disconnected.length, 1);
});

test("shouldReconnect survives a deployment that closes with 1001 and then responds with 503", async () => {
  const { url, dials } = await peer(acknowledge, (accept, tcp, nth) => {
    if (nth === 2) tcp.end("HTTP/1.1 503 Service Unavailable\r\n\r\n");
    else accept();
  });
  const { session, told, next } = app(url, {
    shouldReconnect: ({ code }) => code === 1001 || undefined,
  });
  await session.connect(ID);
  const again = next("connected");
  dials[0].socket.close(1001, "deploy");
  await again;
  assert.deepEqual(
    told.reconnecting.map(({ attempt, cause }) => [attempt, cause.code]),
    [
      [1, 1001],
      [2, 1006],
    ],
  );
  assert.equal(told.disconnected.length, 1);
});

test("a function created before an outage uses the socket after it", async () => {
  const { url, dials } = await peer(acknowledge);
  const { session, next } = app(url);
  const send = session.send.bind(session);
  const show = (text) => send({ type: "custom", text });
  await session.connect(ID);
  const again = next("connected");
  const lost = next("disconnected");
  dials[0].socket.terminate();
  await lost;
  assert.equal(show("during"), "queued");
  await again;
  assert.equal(show("after"), "sent");
  const frames = () => dials[1].frames.filter(({ type }) => type !== "ping");
  while (frames().length < 4) await once(dials[1].socket, "message");
  const [init, subscriptions, ...messages] = frames();
  assert.equal(init.type, "tpa_connection_init");
  assert.equal(subscriptions.type, "subscription_update");
  assert.deepEqual(
    messages.map(({ text }) => text),
    ["during", "after"],
  );
});

test("after each of five outages there is exactly one socket", async () => {
  // Every second attempt fails, with an error and a close.
  const { url, dials } = await peer(acknowledge, (accept, tcp, nth) => {
    if (nth % 2 === 0) tcp.end("HTTP/1.1 500 Internal Server Error\r\n\r\n");
    else accept();
  });
  const { session, next } = app(url, { stableAfter: 0 });
  await session.connect(ID);
  for (let outage = 1; outage <= 5; outage++) {
    const again = next("connected");
    dials.at(-1).socket.terminate();
    await again;
    assert.equal(dials.length, 1 + 2 * outage);
    await Promise.all(dials.slice(0, -1).map(({ closed }) => closed));
    assert.equal(dials.at(-1).tcp.destroyed, false);
  }
});

test("two sessions that supersede each other do not loop", async () => {
  let before;
  const { url, dials } = await peer((dial) => {
    dial.socket.once("message", () => {
      dial.socket.send(ACK);
      before?.socket.close(4001, "replaced");
      before = dial;
    });
  });
  const apps = [app(url), app(url)];
  const over = new Promise((resolve) => {
    for (const { session } of apps) {
      session.on("disconnected", ({ permanent }) => permanent && resolve());
      session.connect(ID);
    }
  });
  await over;
  const states = apps.map(({ session }) => session.state);
  assert.deepEqual(states.toSorted(), ["connected", "stopped"]);
  assert.ok(dials.length <= 2 * (1 + 3), `${dials.length} dials`);
});

test("the older of two sessions of a user ends permanently, and the newer stays", async () => {
  const server = await Cloud.start();
  left.push(() => server.stop());
  const url = `${server.url}/tpa-ws`;
  const [older, newer] = [app(url), app(url)];
  await older.session.connect(ID);
  const superseded = older.next("disconnected");
  await newer.session.connect(ID);
  const { code, kind, permanent } = await superseded;
  assert.deepEqual({ code, kind, permanent }, { code: 4009, kind: "Superseded", permanent: true });
  older.session.free();
  older.session.disconnect();

  const again = newer.next("connected");
  await fetch(`${server.url}/faults`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ fault: "cut", sessionId: ID }),
  });
  await again;
  const [{ connections }] = await (await fetch(`${server.url}/sessions`)).json();
  assert.equal(connections.length, 1);
  assert.equal(older.told.disconnected.length, 1);
  assert.deepEqual(older.told.reconnecting, []);
});
