import assert from "node:assert/strict";
import { test } from "node:test";
import { JSDOM } from "jsdom";
import { TestCloud } from "tpa-cloud/testing";

const { window } = new JSDOM('<div id="root"></div>');
Object.assign(globalThis, { window, document: window.document });
globalThis.navigator ??= window.navigator;
const { createElement } = await import("react");
const { createRoot } = await import("react-dom/client");
const { useCaptions } = await import("./use-captions.js");

test("the caption and the state are rendered, before a cut and after", async (t) => {
  const cloud = new TestCloud();
  const app = {
    packageName: "org.example.captions",
    apiKey: "dev-key",
    augmentOSWebsocketUrl: cloud.url,
    WebSocket: cloud.WebSocket,
    sessionId: "user1-org.example.captions",
    reconnectDelay: 20,
  };
  const Captions = () => {
    const { caption, state } = useCaptions(app);
    return createElement("p", null, `${state}: ${caption}`);
  };
  const root = createRoot(document.getElementById("root"));
  t.after(() => {
    root.unmount();
    cloud.dispose();
  });
  const renders = async (text) => {
    while (document.querySelector("p")?.textContent !== text)
      await new Promise((next) => setTimeout(next, 5));
  };

  root.render(createElement(Captions));
  await cloud.until(() => cloud.subscriptions.includes("transcription:en-US"));
  cloud.say("transcription:en-US", { text: "before", isFinal: true });
  await renders("connected: before");

  cloud.cut();
  await cloud.until("disconnected");
  await cloud.until(() => cloud.subscriptions.includes("transcription:en-US"));
  cloud.say("transcription:en-US", { text: "after", isFinal: true });
  await renders("connected: after");
  assert.equal(cloud.displays.at(-1).layout.text, "after");
});
