/** Requests of any content to a server, without sockets: each is answered, and none leaves a trace. */
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

import fc from "fast-check";

import { PACKAGE } from "../support/paths.mjs";

const { createTpaServer } = await import(pathToFileURL(join(PACKAGE, "server-node.js")).href);

const REQUESTS = process.env.TPA_ABUSE_FULL === undefined ? 5000 : 1_000_000;
const STATUSES = [200, 400, 401, 403, 404, 405, 409, 413, 415, 429, 500, 502];
const KEY = "a-key-that-nobody-may-see";
const REOPEN = Symbol.for("tpa-session.reopen");
const HAND_OVER = Symbol.for("tpa-session.hand-over");

/** Session that connects at once, unless its id says otherwise. */
class FakeSession extends EventEmitter {
  state = "idle";
  async connect(id) {
    if (id.includes("0")) throw new Error(`refused ${id}`);
    this.state = "connected";
    return [];
  }
  disconnect() {
    this.state = "stopped";
  }
  [HAND_OVER]() {
    this.disconnect();
  }
  [REOPEN]() {}
  send() {}
  async flush() {}
}

const text = fc.string({ unit: "binary" });
const id = fc.constantFrom("a", "b", "c0", "");
const anything = fc.oneof(text, fc.jsonValue(), fc.constant(undefined));
const often = (arbitrary) => fc.oneof({ weight: 8, arbitrary }, anything);
const url = fc.constantFrom(
  "ws://127.0.0.1:1/a",
  "ws://localhost:2/b",
  "wss://a.example/",
  "ws://a.example/",
  "",
);

/** Content that is nearly right. */
const near = fc.record(
  {
    type: often(fc.constantFrom("session_request", "stop_request")),
    sessionId: often(id),
    userId: often(id),
    reason: anything,
    websocketUrl: often(url),
    mentraOSWebsocketUrl: often(url),
    augmentOSWebsocketUrl: often(url),
  },
  { requiredKeys: ["type", "sessionId", "userId"] },
);
const nested = fc.constantFrom(
  "[".repeat(60_000),
  '{"a":'.repeat(10_000),
  `{"type":${"[".repeat(20_000)}${"]".repeat(20_000)}}`,
);
const content = fc.oneof(
  { weight: 6, arbitrary: near.map((value) => JSON.stringify(value)) },
  text,
  nested,
  fc.constant(" ".repeat(70_000)),
);
const body = fc.oneof(
  { weight: 6, arbitrary: fc.record({ chunks: content.map((text) => [Buffer.from(text)]) }) },
  fc.record({ chunks: fc.array(fc.uint8Array()), ending: fc.constantFrom("end", "close", "error") }),
  fc.record({ parsed: fc.oneof(near, anything) }),
  fc.constant({ throws: true }),
  fc.constant({ destroyed: true }),
);
const header = fc.oneof(text, fc.constant("application/json"), fc.array(text));
const request = fc.record({
  method: fc.oneof({ weight: 9, arbitrary: fc.constant("POST") }, fc.constant("GET"), text),
  path: fc.oneof(
    {
      weight: 9,
      arbitrary: fc.constantFrom("/webhook?s=1", "/webhook?no", "/api/_mentraos/webhook", "/other"),
    },
    fc.webPath(),
    text,
  ),
  isMounted: fc.boolean(),
  headers: fc.dictionary(fc.constantFrom("content-type", "origin", "sec-fetch-site", "x"), header, {
    maxKeys: 1,
  }),
  body,
});

/** Request of Node, or of Express, with this content. */
function incoming({ method, path, isMounted, headers, body }) {
  const stream = Object.assign(new EventEmitter(), {
    method,
    headers,
    destroyed: body.destroyed === true,
    [isMounted ? "originalUrl" : "url"]: path,
  });
  if ("parsed" in body) stream.body = body.parsed;
  if (body.throws) {
    const get = () => {
      throw new Error("no parser");
    };
    Object.defineProperty(stream, "body", { get });
  }
  stream.on("error", () => {});
  stream.on("newListener", (event) => {
    if (event !== "close") return;
    // The last listener that the server adds.
    queueMicrotask(() => {
      for (const chunk of body.chunks ?? []) stream.emit("data", chunk);
      stream.emit(body.ending ?? "end");
    });
  });
  return stream;
}

test("every request is answered once, and one that is refused changes nothing", async (t) => {
  const lines = [];
  const log = (line) => lines.push(line);
  const server = createTpaServer({
    packageName: "org.example.app",
    apiKey: KEY,
    handleSignals: false,
    TpaSession: FakeSession,
    session: { logger: { error: log, warn: log } },
    authorize: ({ url }) => !url.includes("no"),
    onSession: (_, { userId }) => {
      if (userId === "b") throw new Error("broken");
    },
  });
  const counts = {};
  const start = performance.now();
  await fc.assert(
    fc.asyncProperty(request, async (asked) => {
      const before = [...server.sessions];
      const answers = [];
      const response = {
        statusCode: 0,
        setHeader() {},
        end: (text) => answers.push([response.statusCode, text]),
      };
      await server.node(incoming(asked), response);
      assert.equal(answers.length, 1);
      const [[status, text]] = answers;
      counts[status] = (counts[status] ?? 0) + 1;
      assert.ok(STATUSES.includes(status), `status ${status}: ${text}`);
      const { status: word, message } = JSON.parse(text);
      assert.equal(word, status === 200 ? "success" : "error");
      assert.ok(status === 200 || (message.length > 0 && message.length < 1000), message);
      assert.doesNotMatch(text, /a-key-that/);
      if (status >= 400 && status < 500) assert.deepEqual([...server.sessions], before);
      assert.ok(server.sessions.size <= 1000);
    }),
    { numRuns: REQUESTS },
  );
  t.diagnostic(JSON.stringify(counts));
  // One in 800 is answered 500, so that a short run may have none.
  const expected = [200, 400, 401, 403, 404, 405, 413, 415, 502, ...(REQUESTS > 10_000 ? [500] : [])];
  for (const status of expected) assert.ok(counts[status] > 0, `${status}`);
  // Ten in each minute, and their number.
  const minutes = Math.floor((performance.now() - start) / 60_000);
  const refusals = lines.filter((line) => line.includes("refused")).length;
  assert.ok(refusals <= 11 * (minutes + 1), `${refusals} lines in ${minutes} minutes`);
  for (const line of lines) assert.doesNotMatch(line, /a-key-that|[\0-\x08\x0b-\x1f\x7f-\x9f]/);
  await server.close({ timeout: 0 });
  assert.equal(server.sessions.size, 0);
});
