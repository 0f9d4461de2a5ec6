/** Texts from outside and from the app cannot forge log lines or control a terminal. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { ID, acknowledge, app, peer } from "./peer.mjs";
import { lines } from "./server-support.mjs";

const EVIL = "x\n[tpa-session] package=org.example.app forged\u001b[2J\u009b1A\u2028\u202e";
/** Texts of the cloud and of errors become one line first, in which control characters are spaces. */
const LINE = "x [tpa-session] package=org.example.app forged [2J 1A\\u2028\\u202e";
const ESCAPED = "x\\n[tpa-session] package=org.example.app forged\\u001b[2J\\u009b1A\\u2028\\u202e";

/** Creates a session that logs everything. */
function logging(url, options) {
  const { lines: written, logger } = lines();
  return { written, ...app(url, { logger, logLevel: "debug", ...options }) };
}

/** Checks that lines have the text, and that none has a character that was not escaped. */
function check(written, least = 1, expected = ESCAPED) {
  const found = written.filter((line) => line.includes("forged"));
  assert.ok(found.length >= least, written.join("\n"));
  for (const line of found) assert.ok(line.includes(expected), line);
  for (const line of written) {
    assert.doesNotMatch(line.replaceAll(/\n +at /g, ""), /[\p{Cc}\u2028\u202e]/u);
    assert.match(line, /^\[tpa-session\] package=org\.example\.app /);
  }
}

const json = JSON.stringify;
const stream = (streamType, data) => json({ type: "data_stream", streamType, data });

for (const [name, frame, expected] of [
  ["the type of a frame", json({ type: EVIL })],
  ["the name of a stream", stream(EVIL, {})],
  [
    "a code and message of an error frame",
    json({ type: "connection_error", code: EVIL, message: EVIL }),
    LINE,
  ],
  ["the reason of a stop", json({ type: "app_stopped", reason: EVIL }), LINE],
]) {
  test(`${name} is escaped`, async () => {
    const { url, dials } = await peer(acknowledge);
    const { session, written } = logging(url, { shouldReconnect: () => false });
    await session.connect(ID);
    dials[0].socket.send(frame);
    dials[0].socket.send(json({ type: "last" }));
    dials[0].socket.close(4001, "over");
    while (session.state !== "stopped") await new Promise(setImmediate);
    check(written, 1, expected);
  });
}

test("the reason of a close is escaped in every line that repeats it", async () => {
  const { url, dials } = await peer(acknowledge);
  const { session, written, next } = logging(url, { maxReconnectAttempts: 1, reconnectDelay: 0 });
  await session.connect(ID);
  const reconnecting = next("reconnecting");
  dials[0].socket.close(1011, EVIL);
  await reconnecting;
  check(written, 2, LINE);
});

test("an exception of a handler is one entry, with the frames of its stack", async () => {
  const { url, dials } = await peer(acknowledge);
  const { session, written } = logging(url);
  session.on("button_press", ({ buttonId }) => {
    throw new Error(buttonId);
  });
  await session.connect(ID);
  const failed = new Promise((resolve) => session.on("error", resolve));
  dials[0].socket.send(json({ type: "button_press", buttonId: EVIL, pressType: "short" }));
  await failed;
  check(written);
  const [first, ...frames] = written.find((line) => line.includes("forged")).split("\n");
  assert.match(first, /the handler of button_press failed: Error: x/);
  assert.ok(frames.length > 0);
});

test("the error of a provider is escaped", async () => {
  const options = { maxReconnectAttempts: 0, apiKey: () => Promise.reject(new Error(EVIL)) };
  const { session, written } = logging("ws://127.0.0.1:1", options);
  await assert.rejects(session.connect(ID));
  check(written, 1, LINE);
});

test("names that the app passes are escaped in warnings", () => {
  const { session, written } = logging("ws://127.0.0.1:1", { [EVIL]: 1 });
  session.on(`event ${EVIL}`, () => {});
  session.subscribe(`stream ${EVIL}`);
  session.send({ type: "custom" }, { [`send ${EVIL}`]: 1 });
  check(written, 4);
});
