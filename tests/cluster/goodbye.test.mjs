/** A process of a cluster that ends its sessions for good, on a cloud that no longer answers. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

import { peer } from "../package/peer.mjs";
import { PACKAGE, app, ask, request } from "../package/server-support.mjs";
import { PACKAGE as FOLDER } from "../support/paths.mjs";
import { until } from "../support/until.mjs";

const [{ createTpaServer }, { MemoryStore, createCluster }] = await Promise.all(
  ["server-node.js", "cluster-node.js"].map((name) => import(pathToFileURL(join(FOLDER, name)).href)),
);

test("close({ release: true }) leaves no record, though the cloud does not confirm the release", async (t) => {
  // It acknowledges the session, and answers nothing else.
  const { url } = await peer(({ socket }) => {
    socket.once("message", () => socket.send(JSON.stringify({ type: "tpa_connection_ack", settings: [] })));
  });
  const memory = new MemoryStore();
  // The store of a process that has ended answers nothing.
  const cluster = createCluster({
    open(opening) {
      const { put, ...store } = memory.open(opening);
      let isClosed = false;
      return {
        ...store,
        put: async (change) => {
          await new Promise((resolve) => setTimeout(resolve, 20));
          return isClosed ? undefined : put(change);
        },
        async close() {
          isClosed = true;
          await store.close();
        },
      };
    },
  });
  const { server, webhook, stop, nth } = await app(createTpaServer, { cluster });
  t.after(stop);
  const sessionId = `ada-${PACKAGE}`;
  assert.deepEqual(await ask(webhook, request("ada", { augmentOSWebsocketUrl: url })), { status: "success" });
  const { read, owned, beat } = memory.open({ instance: "observer" });
  const { owner } = await until("a record", () => read(sessionId));
  const start = performance.now();
  await server.close({ release: true, timeout: 4000 });
  assert.ok(performance.now() - start < 5000);
  assert.equal((await nth("onStop", 0)).sessionId, sessionId);
  assert.equal(await read(sessionId), undefined);
  assert.deepEqual(await owned(owner), []);
  const { members } = await beat("observer", "");
  assert.deepEqual(members, []);
});
