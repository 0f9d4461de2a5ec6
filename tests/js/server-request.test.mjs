/** Property tests: a webhook accepts or rejects any body. */
import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { HttpError } from "../../pkg-template/src/server/http-error.js";
import { Body } from "../../pkg-template/src/server/body.js";
import { readRequest } from "../../pkg-template/src/server/request.js";

const text = fc.string({ unit: "binary" });
const anything = fc.oneof(text, fc.jsonValue(), fc.constant(undefined));
/** Almost valid requests, which reach the later checks. */
const near = fc.record(
  {
    type: fc.oneof({ weight: 9, arbitrary: fc.constantFrom("session_request", "stop_request") }, anything),
    sessionId: fc.oneof({ weight: 9, arbitrary: fc.string() }, anything),
    userId: fc.oneof(fc.string(), anything),
    reason: anything,
    augmentOSWebsocketUrl: fc.oneof(
      fc.webUrl().map((url) => url.replace("http", "ws")),
      anything,
    ),
    mentraOSWebsocketUrl: anything,
    websocketUrl: anything,
    timestamp: fc.oneof(
      fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
      anything,
    ),
  },
  { requiredKeys: [] },
);

test("every body is a valid request or rejected with 400", () => {
  let read = 0;
  fc.assert(
    fc.property(
      fc.oneof(
        near,
        near.map((body) => JSON.stringify(body)),
        text,
        anything,
      ),
      (body) => {
        let request;
        try {
          request = readRequest(body);
        } catch (error) {
          assert.ok(error instanceof HttpError, error);
          assert.equal(error.answer.status, 400);
          assert.ok(error.message.length < 1000, error.message);
          return;
        }
        read += 1;
        assert.ok(request.at === undefined || Number.isFinite(request.at));
        assert.match(request.sessionId, /^\P{Cc}*[^\s\p{Cc}]\P{Cc}*$/u);
        if (request.type === "stop_request") assert.ok(request.reason !== "");
        else assert.ok(request.url === undefined || /^wss?:$/.test(request.url.protocol));
      },
    ),
    { numRuns: 2000 },
  );
  assert.ok(read > 50, `only ${read} were requests`);
});

test("a body is independent of its chunks, and limited in size", () => {
  fc.assert(
    fc.property(text, fc.array(fc.nat(40)), (whole, cuts) => {
      const bytes = new TextEncoder().encode(whole);
      const body = new Body();
      let at = 0;
      for (const size of [...cuts, bytes.length]) body.add(bytes.subarray(at, (at += size)));
      assert.equal(body.finish(), new TextDecoder().decode(bytes));
    }),
  );
  const body = new Body();
  body.add(new Uint8Array(65_536));
  assert.throws(() => body.add(new Uint8Array(1)), HttpError);
  assert.equal(body.finish(), "");
  for (const bytes of [[0xff], [0xe2, 0x82], [0xc0, 0xaf]]) {
    const wrong = new Body();
    const read = () => {
      wrong.add(Uint8Array.from(bytes));
      return wrong.finish();
    };
    assert.throws(read, ({ answer }) => answer.status === 400);
  }
});
