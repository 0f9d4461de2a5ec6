/** Wrong calls of `TestCloud`: the error names the field, the value and what is allowed. */
import assert from "node:assert/strict";
import { after, test } from "node:test";

import { Cloud, TestCloud } from "./support.mjs";

const cloud = new TestCloud();
after(() => cloud.dispose());

const circular = {};
circular.self = circular;

const WRONG = [
  [
    () => new TestCloud({ pingIntervall: 5 }),
    /unknown option `pingIntervall`; did you mean `pingInterval`\?/,
  ],
  [() => new TestCloud({ nonsense: 5 }), /unknown option `nonsense`\. Allowed: `latency`, `apiKey`/],
  [() => new TestCloud({ pingInterval: "soon" }), /`pingInterval`.*"soon".*milliseconds/],
  [() => new TestCloud({ apiKey: "" }), /`apiKey`/],
  [() => new TestCloud({ latency: -1 }), /latency: must be a number of milliseconds from 0 to \d+, not -1/],
  [() => new TestCloud("dev-key"), /must be an object, not "dev-key"/],
  [() => new TestCloud({ scenarios: [{ name: "a", steps: [] }] }), /scenario "a".*steps/],
  [() => cloud.cut({ packagename: "a" }), /unknown option `packagename`; did you mean `packageName`\?/],
  [() => cloud.cut({ direction: "up" }), /cut: unknown option `direction`/],
  [() => cloud.close(1005), /`code`.*1005.*1000 to 1003/],
  [() => cloud.close(1000, "x".repeat(124)), /`reason`.*123 bytes/],
  [() => cloud.freeze({ direction: "left" }), /`direction`.*"left".*up, down or both/],
  [() => cloud.freeze({ forMs: 0 }), /`forMs`.*milliseconds/],
  [() => cloud.reject("NO_KEY"), /`error`.*"NO_KEY".*INVALID_API_KEY/],
  [() => cloud.delay(-1), /`delayMs`.*-1/],
  [() => cloud.delay(), /`delayMs`.*missing/],
  [() => cloud.slow(0), /`bytesPerSecond`.*0/],
  [() => cloud.cut({ share: 2 }), /`share`.*2.*0 to 1/],
  [() => cloud.cut({ connectionId: "17" }), /`connectionId`.*"17".*c17/],
  [() => cloud.cut({ packageName: "a", sessionId: "b" }), /at most one of/],
  [() => cloud.of({}), /of: expected one of packageName, sessionId, connectionId/],
  [() => cloud.of({ sessionId: "" }), /of: sessionId: must be a string that is not empty/],
  [() => cloud.scenario("train-tunel"), /"train-tunel"; did you mean "train-tunnel"\?/],
  [() => cloud.scenario({ steps: [{ at: 0, fault: "explode" }] }), /steps\[0\].*explode.*expected one of/],
  [() => cloud.seed(-1), /`seed`.*-1.*whole number/],
  [() => cloud.say(""), /say: stream: must be a string/],
  [() => cloud.send({ dashboardMode: "big" }), /dashboardMode.*big/],
  [() => cloud.send({ dashbordMode: "main" }), /did you mean `dashboardMode`\?/],
  [() => cloud.settings(7), /`settings`/],
  [() => cloud.stopApp({ reason: "bored" }), /`reason`.*bored/],
  [() => cloud.startApp({ packageName: "a" }), /startApp: userId: must be a string/],
  [() => cloud.startApp({ packageName: "a", userId: "u", handler: 7 }), /handler: must be a function, not 7/],
  [() => cloud.startApp({ packageName: "a", userId: "u", url: "https://a" }), /`webhookUrl`.*http:\/\//],
  [() => cloud.frames(7), /frames: type: must be a string/],
  [() => cloud.until(), /until: must be a function, connected, disconnected/],
  [
    () => cloud.until("connected", { timeout: 0 }),
    /timeout: must be a number of milliseconds from 1 to \d+, not 0/,
  ],
  [() => cloud.until("connected", { timeOut: 5 }), /did you mean `timeout`\?/],
  [() => cloud.observe(), /observe: must be a function/],
  [() => cloud.cut({ forMs: 10n }), /forMs: must be JSON: .*BigInt/],
  [() => cloud.say("VAD", circular), /data: must be JSON: .*circular/],
  [() => cloud.frames(circular), /frames: type: must be a string that is not empty, not \[object Object\]/],
  [() => cloud.until("acked", { timeout: 2 ** 31 }), /timeout: .* from 1 to 2147483647, not 2147483648/],
  [() => cloud.until(async () => false), /until: the condition must return no promise/],
  [
    () => cloud.startApp({ packageName: "a", userId: "u", handler: () => {}, path: "hook" }),
    /startApp: path: must begin with \/, not "hook"/,
  ],
  [() => new Cloud({ pong: "yes" }, 0, 0), /`pong`.*"yes".*true or false/],
];

for (const [call, expected] of WRONG) {
  test(String(call).slice("() => ".length), async () => {
    await assert.rejects(
      async () => call(),
      (error) => {
        assert.ok(error instanceof TypeError, String(error));
        assert.match(error.message, expected);
        return true;
      },
    );
  });
}

test("a tool of an app that was not started is no wrong argument", async () => {
  const call = { packageName: "a", userId: "u", toolId: "t" };
  await assert.rejects(cloud.callTool(call), /a was not started with a webhook for u/);
});
