import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { TestCloud } from "tpa-cloud/testing";
import { TpaSession } from "tpa-session";

const packageName = "org.example.departures";
const sessionId = `rider@example.org-${packageName}`;
let cloud, session;

beforeEach(() => {
  jest.useFakeTimers();
  cloud = new TestCloud();
  session = new TpaSession({
    packageName,
    apiKey: "dev-key",
    augmentOSWebsocketUrl: cloud.url,
    WebSocket: cloud.WebSocket,
    maxReconnectAttempts: Infinity,
  });
});

afterEach(() => {
  session.dispose();
  cloud.dispose();
  jest.useRealTimers();
});

test.each(Array.from({ length: 200 }, (_, seed) => [seed]))(
  "the card that was sent last is shown after the faults of seed %i",
  async (seed) => {
    await session.connect(sessionId);
    cloud.seed(seed);
    for (let minute = 1; minute <= 5; minute++) {
      session.layouts.showReferenceCard("Departures", `in ${minute} min`);
      await jest.advanceTimersByTimeAsync(4000);
    }
    cloud.stop();
    await jest.advanceTimersByTimeAsync(90_000);
    expect(session.state).toBe("connected");
    expect(cloud.displays.at(-1).layout.text).toBe("in 5 min");
  },
);
