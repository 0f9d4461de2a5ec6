/** Pictures on Redis: one takes longer than other commands, which must not wait for it. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { after, before, test } from "node:test";

import { until } from "../support/until.mjs";
import { CLIENTS } from "./clients.mjs";
import { RedisServer } from "./redis-server.mjs";
import { PATIENT, claim, open, works } from "./redis-stores.mjs";

const PICTURE = Buffer.alloc(10_000_000, "a picture");
/** Bytes after which a connection is read no further. */
const MOST = 1_000_000;

/** @type {RedisServer} */
let server;
before(async () => (server = await RedisServer.start()));
after(() => server.stop());

/** A way to Redis on which a large command stands still until it is released. */
async function slowWay(t) {
  /** @type {(() => void)[]} */
  const held = [];
  const proxy = createServer((inner) => {
    const outer = connect(server.port, "127.0.0.1");
    let passed = 0;
    inner.on("data", (chunk) => {
      outer.write(chunk);
      passed += chunk.length;
      if (passed < MOST) return;
      passed = -Infinity;
      inner.pause();
      held.push(() => inner.resume());
    });
    outer.on("data", (chunk) => inner.write(chunk));
    inner.on("error", () => {}).on("close", () => outer.destroy());
    outer.on("error", () => {}).on("close", () => inner.destroy());
    t.after(() => inner.destroy());
  }).listen(0, "127.0.0.1");
  await once(proxy, "listening");
  t.after(() => proxy.close());
  return { port: proxy.address().port, held };
}

for (const { name, single } of CLIENTS) {
  test(`${name}: commands pass while a picture is written`, async (t) => {
    const { port, held } = await slowWay(t);
    const { store } = open(t, single(port), { ...PATIENT, command: 5000 });
    await works(store);
    const putting = store.putBlob("a", PICTURE, 30_000);
    await until("the picture stands still", () => held.length > 0);
    assert.equal((await claim(store, name)).done, true);
    held[0]?.();
    await putting;
    assert.ok(PICTURE.equals(await store.takeBlob("a")));
  });

  test(`${name}: a picture has more time than other commands`, async (t) => {
    const { port, held } = await slowWay(t);
    const { store, warnings } = open(t, single(port), { ...PATIENT, command: 300 });
    await works(store);
    const putting = store.putBlob("b", PICTURE, 30_000);
    await until("the picture stands still", () => held.length > 0);
    // Another command that is sent now is given up before the picture.
    server.freeze();
    await assert.rejects(claim(store, "given up"), /^Error: redis: no answer within 300 ms$/);
    server.thaw();
    held[0]?.();
    await putting;
    assert.ok(PICTURE.equals(await store.takeBlob("b")));
    assert.deepEqual(
      warnings.filter((text) => !text.includes("300 ms")),
      [],
    );
  });
}

test("a picture opens a connection, which is closed with the store", async (t) => {
  const [{ single }] = CLIENTS;
  const { store } = open(t, single(server.port));
  const clients = async () => `${await server.ask("CLIENT", "LIST")}`.trim().split("\n").length;
  await works(store);
  const before = await clients();
  await store.putBlob("c", new Uint8Array(3), 1000);
  await store.takeBlob("c");
  assert.equal(await clients(), before + 1);
  await store.close();
  await assert.rejects(store.putBlob("c", new Uint8Array(3), 1000), /^Error: redis: the store is closed$/);
  await until("one client, this one", async () => (await clients()) === 1);
});
