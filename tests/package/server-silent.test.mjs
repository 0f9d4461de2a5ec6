/** A server whose cloud asks for a session again within seconds, and does not answer on its connection. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

import { PACKAGE } from "../support/paths.mjs";
import { peer } from "./peer.mjs";
import { app, ask, request } from "./server-support.mjs";

const { createTpaServer } = await import(pathToFileURL(join(PACKAGE, "server-node.js")).href);

/** Cloud that tells its time with each ack, and falls silent on the first connection. */
async function cloud() {
  const state = { isSilent: false };
  const { url, dials } = await peer(({ socket }, nth) => {
    socket.on("message", (data) => {
      const frame = JSON.parse(data);
      const answer = { tpa_connection_init: "tpa_connection_ack", ping: "pong" }[frame.type];
      if (answer === undefined || (nth === 1 && state.isSilent)) return;
      const timestamp = new Date().toISOString();
      socket.send(JSON.stringify({ ...frame, settings: [], type: answer, timestamp }));
    });
  });
  return { state, url, dials };
}

test("a session is started anew if its cloud asks for it after the ack, and is silent", async () => {
  const { state, url, dials } = await cloud();
  const { webhook, told, nth, stop } = await app(createTpaServer, { authorize: () => true });
  try {
    const start = () => ask(webhook, request("u", { augmentOSWebsocketUrl: url }));
    assert.deepEqual(await start(), { status: "success" });
    // The request after it has a later time than the ack.
    await new Promise((resolve) => setTimeout(resolve, 5));
    assert.deepEqual(await start(), { status: "success" });
    assert.deepEqual([told.length, dials.length], [1, 1], "the cloud has answered");
    state.isSilent = true;
    assert.deepEqual(await start(), { status: "success" });
    const { kind } = await nth("onStop", 0);
    assert.equal(kind, "AppStopped");
    assert.notEqual((await nth("onSession", 1)).session, told[0].session);
    assert.equal(dials.length, 2);
  } finally {
    await stop();
  }
});
