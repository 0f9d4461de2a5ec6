/** Sockets that are opened before their sessions arrive. */
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { mock, test } from "node:test";

import { createGate, gated } from "../../pkg-template/src/cluster/gate.js";
import { WarmSockets } from "../../pkg-template/src/cluster/warm-sockets.js";
import { until } from "../support/until.mjs";
import { knows, servers, start } from "./scripted-servers.mjs";

const URL_1 = "ws://localhost/tpa-ws";

/** Socket of the package `ws`. */
class Emitter extends EventEmitter {
  readyState = 0;
  constructor(url) {
    super();
    this.url = url;
    Emitter.all.push(this);
  }
  opens() {
    this.readyState = 1;
    this.emit("open");
  }
  close() {
    this.readyState = 3;
  }
  terminate() {}
}

/** Socket of a browser. */
class Plain extends EventTarget {
  readyState = 0;
  constructor(url) {
    super();
    this.url = url;
    Plain.all.push(this);
  }
  opens() {
    this.readyState = 1;
    this.dispatchEvent(new Event("open"));
  }
  close() {
    this.readyState = 3;
  }
}

for (const Base of [Emitter, Plain]) {
  const warmed = () => {
    Base.all = [];
    return new WarmSockets((url) => new Base(url));
  };
  const listen = (socket, done) => (socket.on ?? socket.addEventListener).call(socket, "open", done);

  test(`${Base.name}: an open socket tells once that it is open, to who takes it`, async () => {
    const warm = warmed();
    warm.open(URL_1);
    Base.all[0].opens();
    assert.equal(warm.take("ws://localhost/other"), undefined);
    const socket = warm.take(URL_1);
    let opened = 0;
    listen(socket, () => (opened += 1));
    await Promise.resolve();
    assert.deepEqual([socket, opened], [Base.all[0], 1]);
    assert.equal(warm.take(URL_1), undefined);
  });

  test(`${Base.name}: one that is on its way tells it when it is`, async () => {
    const warm = warmed();
    warm.open(URL_1);
    const socket = warm.take(URL_1);
    let opened = 0;
    listen(socket, () => (opened += 1));
    await Promise.resolve();
    assert.equal(opened, 0);
    socket.opens();
    assert.equal(opened, 1);
  });

  test(`${Base.name}: a socket that has closed is not given, nor one that waited too long`, () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    try {
      const warm = warmed();
      warm.open(URL_1);
      warm.open(URL_1);
      Base.all[0].readyState = 3;
      Base.all[1].opens();
      assert.equal(warm.take(URL_1), Base.all[1]);
      warm.open(URL_1);
      mock.timers.tick(4999);
      assert.equal(Base.all[2].readyState, 0);
      mock.timers.tick(1);
      assert.equal(Base.all[2].readyState, 3);
      assert.equal(warm.take(URL_1), undefined);
    } finally {
      mock.timers.reset();
    }
  });

  test(`${Base.name}: at most 100 wait, and close() closes them`, () => {
    const warm = warmed();
    for (let i = 0; i < 150; i += 1) warm.open(URL_1);
    assert.equal(Base.all.length, 100);
    warm.close();
    assert.ok(Base.all.every(({ readyState }) => readyState === 3));
    warm.open(URL_1);
    assert.equal(Base.all.length, 101);
    warm.close();
  });
}

test("a socket that has nothing but its onopen tells by it that it is open", async () => {
  /** As a mock may be. */
  class Bare {
    readyState = 1;
    close() {}
  }
  const warm = new WarmSockets(() => new Bare());
  warm.open(URL_1);
  const socket = warm.take(URL_1);
  let opened = 0;
  socket.onopen = () => (opened += 1);
  await Promise.resolve();
  assert.equal(opened, 1);
});

test("an error of a socket that waits ends nothing", () => {
  Emitter.all = [];
  const warm = new WarmSockets((url) => new Emitter(url));
  warm.open(URL_1);
  Emitter.all[0].emit("error", new Error("refused"));
  warm.close();
});

test("a session takes a socket that waits behind the gate", () => {
  Emitter.all = [];
  const Gated = gated(
    () => Emitter,
    createGate(() => true),
    (url) => (url === URL_1 ? taken : undefined),
  );
  const taken = new Emitter(URL_1);
  assert.equal(new Gated(URL_1), taken);
  assert.notEqual(new Gated("ws://localhost/other"), taken);
});

test("a process that leaves has the next one dial before it hands a session over", async (t) => {
  Emitter.all = [];
  const events = [];
  const onStop = () => events.push(`onStop, ${Emitter.all.length} dialled`);
  const [one, other] = await servers(t, 2, { onStop, WebSocket: Emitter });
  // So that the message arrives before onStop is called.
  await one.member.start({ ...start("ada"), url: new URL(URL_1) });
  const [session] = one.sessions.live.values();
  session.flush = () => until("the dial", () => Emitter.all.length > 0);
  await until("the peer is known", () => knows(one.member, 1));
  await one.member.leave(2000);
  assert.deepEqual(events, ["onStop, 1 dialled"]);
  assert.equal(Emitter.all[0].url, URL_1);
  await until("the session arrives", () => other.told.length === 1);
});
