import assert from "node:assert/strict";
import { test } from "node:test";
import { TestCloud } from "tpa-cloud/testing";

import { packageName, startCaptions } from "./captions.js";

test("captions go on after a cut", async (t) => {
  const cloud = new TestCloud();
  const captions = [];
  const session = startCaptions({
    apiKey: "dev-key",
    augmentOSWebsocketUrl: cloud.url,
    WebSocket: cloud.WebSocket,
    sessionId: `user1-${packageName}`,
    reconnectDelay: 20,
    onCaption: (text) => captions.push(text),
    onState: () => {},
  });
  t.after(() => {
    session.dispose();
    cloud.dispose();
  });
  const shows = (text) => cloud.until(() => cloud.displays.at(-1)?.layout.text === text);

  await cloud.until(() => cloud.subscriptions.includes("transcription:en-US"));
  cloud.say("transcription:en-US", { text: "before", isFinal: true });
  await shows("before");

  cloud.cut();
  await cloud.until("disconnected");
  await cloud.until(() => cloud.subscriptions.includes("transcription:en-US"));
  cloud.say("transcription:en-US", { text: "after", isFinal: true });
  await shows("after");
  assert.deepEqual(captions, ["before", "after"]);
});
