import { expect, test } from "@playwright/test";
import { TestCloud } from "tpa-cloud/testing";

/** Connects the WebSockets of a page to a cloud in this process. */
async function routeToCloud(page, cloud) {
  await page.routeWebSocket(/\/tpa-ws$/, (socket) => {
    const line = new cloud.WebSocket(socket.url());
    const waiting = [];
    line.onopen = () => waiting.splice(0).forEach((frame) => line.send(frame));
    line.onmessage = ({ data }) => socket.send(data);
    line.onclose = ({ code, reason }) => socket.close({ code, reason });
    socket.onMessage((frame) => (line.readyState === line.OPEN ? line.send(frame) : waiting.push(frame)));
    socket.onClose(() => line.close());
  });
}

test("the page says when it is offline, and shows captions again after a cut", async ({ page }) => {
  const cloud = new TestCloud();
  await routeToCloud(page, cloud);
  await page.goto("/");
  await expect(page.locator("#state")).toHaveText("connected");
  cloud.say("transcription:en-US", { text: "before", isFinal: true });
  await expect(page.locator("#caption")).toHaveText("before");

  cloud.cut();
  await expect(page.locator("#state")).toHaveText("waiting");
  await expect(page.locator("#state")).toHaveText("connected");
  cloud.say("transcription:en-US", { text: "after", isFinal: true });
  await expect(page.locator("#caption")).toHaveText("after");
  expect(cloud.displays.at(-1).layout.text).toBe("after");
  cloud.dispose();
});
