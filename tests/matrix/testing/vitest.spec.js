import { TestCloud } from "tpa-cloud/testing";
import { TpaSession } from "tpa-session";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { showDepartures } from "./departures.js";

const packageName = "org.example.departures";
const sessionId = `rider@example.org-${packageName}`;
let cloud, session;

beforeEach(() => {
  vi.useFakeTimers();
  cloud = new TestCloud();
  session = new TpaSession({
    packageName,
    apiKey: "dev-key",
    augmentOSWebsocketUrl: cloud.url,
    WebSocket: cloud.WebSocket,
  });
});

afterEach(() => {
  session.dispose();
  cloud.dispose();
  vi.useRealTimers();
});

test("the glasses show the present minutes after a tunnel of 40 s", async () => {
  let minutes = 5;
  showDepartures(session, () => minutes);
  await session.connect(sessionId);
  await vi.advanceTimersByTimeAsync(1000);
  expect(cloud.displays.at(-1).layout.text).toBe("5 min");

  cloud.freeze({ forMs: 40_000 });
  minutes = 4;
  await vi.advanceTimersByTimeAsync(30_000);
  expect(cloud.displays.at(-1).layout.text).toBe("5 min");

  await vi.advanceTimersByTimeAsync(30_000);
  expect(session.state).toBe("connected");
  expect(cloud.displays.at(-1).layout.text).toBe("4 min");
});
