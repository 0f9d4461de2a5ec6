/** Which request is served once more, as its session's connection was closed before the cloud made it. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { isSinceAck, servedAgain, unheardBefore } from "../../pkg-template/src/server/unheard.js";

const request = { sessionId: "s", at: 200 };

test("a closure is expected before each request but a copy of the one that started the session", () => {
  const expected = { request, until: 3000 };
  assert.deepEqual(unheardBefore(100, request, 1000), expected, "a later one");
  assert.equal(unheardBefore(200, request, 1000), undefined, "the same one");
  assert.equal(unheardBefore(300, request, 1000), undefined, "an earlier one, which is late");
  assert.deepEqual(unheardBefore(undefined, request, 1000), expected, "the session's time is unknown");
  const untimed = { sessionId: "s" };
  assert.deepEqual(
    unheardBefore(100, untimed, 1000),
    { request: untimed, until: 3000 },
    "a cloud without times",
  );
});

test("a request is served again after a closure that a stop of the app may have, if it is heard in time", () => {
  const unheard = { request, until: 3000 };
  assert.equal(servedAgain(unheard, "AppStopped", 1000), request);
  assert.equal(servedAgain(unheard, "Normal", 3000), request);
  assert.equal(servedAgain(unheard, "Normal", 3001), undefined);
  assert.equal(servedAgain(undefined, "Normal", 1000), undefined, "without a request");
});

test("a request is not served again after an end that no stop has", () => {
  const unheard = { request, until: 3000 };
  for (const kind of /** @type {const} */ (["Superseded", "ClientDisconnect", "Abnormal", "Rejected"])) {
    assert.equal(servedAgain(unheard, kind, 1000), undefined, kind);
  }
});

test("a request is known to follow a stop if the cloud made it after the ack, by its own clock", () => {
  assert.equal(isSinceAck(199, request), true);
  assert.equal(isSinceAck(200, request), false, "it may have crossed");
  assert.equal(isSinceAck(201, request), false);
  assert.equal(isSinceAck(undefined, request), false, "an ack without a time");
  assert.equal(isSinceAck(100, { at: undefined }), false, "a request without one");
});
