/** Routes of a server: the checks before a route, and the log of refusals. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { Body, bodyReader } from "../../pkg-template/src/server/body.js";
import { guard } from "../../pkg-template/src/server/guard.js";
import { HttpError, SUCCESS } from "../../pkg-template/src/server/http-error.js";
import { createLog } from "../../pkg-template/src/server/log.js";
import { refusals } from "../../pkg-template/src/server/refusals.js";
import { reporter } from "../../pkg-template/src/server/report.js";
import { JSON_MEDIA, router } from "../../pkg-template/src/server/router.js";

function answering({ authorize } = {}) {
  const calls = [];
  const route = (name, more) => ({
    name,
    handle: () => {
      calls.push(name);
      return SUCCESS;
    },
    ...more,
  });
  const answer = router({
    routes: [
      route("hook", { method: "POST", paths: ["/webhook", "/api/webhook"], media: JSON_MEDIA }),
      route("tool", { method: "POST", paths: ["/tool"], media: JSON_MEDIA }),
      route("health", { method: "GET", paths: ["/health"] }),
    ],
    authorise: guard({ authorize }, (error) => calls.push(error.message)),
    refused: ({ status }) => calls.push(status),
    failed: (error) => calls.push(error.message),
  });
  const ask = async (method, path, { headers = {}, isMounted = false } = {}) => {
    const { status, headers: given } = await answer({
      method,
      path,
      url: path,
      isMounted,
      header: (name) => headers[name],
      raw: undefined,
      body: () => Promise.resolve("{}"),
    });
    return [status, given?.allow, ...calls.splice(0)];
  };
  return ask;
}

test("a request reaches the route of its path and method", async () => {
  const ask = answering();
  assert.deepEqual(await ask("POST", "/webhook"), [200, undefined, "hook"]);
  assert.deepEqual(await ask("POST", "/api/webhook"), [200, undefined, "hook"]);
  assert.deepEqual(await ask("GET", "/health"), [200, undefined, "health"]);
  assert.deepEqual(await ask("POST", "/health"), [405, "GET", 405]);
  assert.deepEqual(await ask("GET", "/tool"), [405, "POST", 405]);
  for (const path of ["/", "/webhook/", "/x/tool", "webhook", "/WEBHOOK"]) {
    assert.deepEqual(await ask("POST", path), [404, undefined, 404], path);
  }
});

test("below a router of the app the end of the path counts, else the webhook is meant", async () => {
  const ask = answering();
  const isMounted = true;
  assert.deepEqual(await ask("POST", "/tpa/tool", { isMounted }), [200, undefined, "tool"]);
  assert.deepEqual(await ask("GET", "/tpa/health", { isMounted }), [200, undefined, "health"]);
  assert.deepEqual(await ask("POST", "/any/where", { isMounted }), [200, undefined, "hook"]);
});

test("every route is authorised, and accepts its media type", async () => {
  let verdict = true;
  const authorize = async () => {
    if (verdict === "throw") throw new Error("broken");
    return verdict;
  };
  const ask = answering({ authorize });
  for (const [method, path, name] of [
    ["POST", "/webhook", "hook"],
    ["POST", "/tool", "tool"],
    ["GET", "/health", "health"],
  ]) {
    verdict = true;
    assert.deepEqual(await ask(method, path), [200, undefined, name]);
    for (const header of ["Origin", "Sec-Fetch-Site"]) {
      const refused = await ask(method, path, { headers: { [header]: "x" } });
      assert.deepEqual(refused, [403, undefined, 403]);
    }
    for (verdict of [false, undefined, 1, "true", {}]) {
      assert.deepEqual(await ask(method, path), [401, undefined, 401]);
    }
    verdict = "throw";
    assert.deepEqual(await ask(method, path), [500, undefined, "broken", 500]);
    verdict = true;
    if (method === "GET") continue;
    for (const type of ["application/json", "Application/JSON; charset=utf-8", "application/a.b+json"]) {
      const headers = { "Content-Type": type };
      assert.deepEqual(await ask(method, path, { headers }), [200, undefined, name], type);
    }
    for (const type of ["text/plain", "", "application/jsonp", "x application/json", "multipart/form-data"]) {
      const headers = { "Content-Type": type };
      assert.deepEqual(await ask(method, path, { headers }), [415, undefined, 415], type);
    }
  }
});

test("an authorize that never settles is given up after 10 s", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const late = "authorize: has not settled within 10 s";
  const ask = answering({ authorize: () => new Promise(() => {}) });
  let given;
  const asked = ask("POST", "/webhook").then((answer) => (given = answer));
  await new Promise(setImmediate);
  t.mock.timers.tick(9999);
  await new Promise(setImmediate);
  assert.equal(given, undefined);
  t.mock.timers.tick(1);
  assert.deepEqual(await asked, [503, undefined, late, 503]);
});

test("neither a response nor a line about a refusal has a secret of the path", async () => {
  const refusals = [];
  for (const webhookPath of ["/s3cret/webhook", "/webhook/s3cret", "/s3cret"]) {
    const answer = router({
      routes: [{ name: "webhook", method: "POST", paths: [webhookPath], handle: () => SUCCESS }],
      authorise: guard({ authorize: () => false }, assert.fail),
      refused: (...given) => refusals.push(given),
      failed: assert.fail,
    });
    for (const path of ["/", "/x/webhook", webhookPath, `${webhookPath}/`, `/${webhookPath}`]) {
      for (const [isMounted, method] of [
        [false, "POST"],
        [false, "GET"],
        [true, "POST"],
        [true, "GET"],
      ]) {
        const given = await answer({ method, path, url: path, isMounted, header: () => undefined });
        assert.ok([401, 404, 405].includes(given.status));
        assert.doesNotMatch(JSON.stringify(given), /s3cret/);
      }
    }
  }
  assert.equal(refusals.length, 60);
  assert.doesNotMatch(JSON.stringify(refusals), /s3cret/);
});

test("refusals are logged, at most ten a minute and then their number", () => {
  let now = 0;
  const lines = [];
  const refused = refusals(
    (level, text) => lines.push([level, text]),
    () => now,
  );
  const refuse = () => refused(new HttpError(401, "not authorized").answer, { method: "POST", path: "/w" });
  for (let i = 0; i < 2000; i += 1) refuse();
  assert.equal(lines.length, 10);
  assert.deepEqual(lines[0], ["warn", "refused POST /w with 401: not authorized"]);
  now = 60_000;
  refuse();
  assert.deepEqual(lines.slice(10), [
    ["warn", "1990 more requests were refused"],
    ["warn", "refused POST /w with 401: not authorized"],
  ]);
  refused(new HttpError(404, "x").answer, { method: "GET", path: "/".repeat(9999) });
  assert.ok(lines.at(-1)[1].length < 200);
});

test("a line is written for any value that the app threw, to any logger", async () => {
  const lines = [];
  const unhandled = [];
  const onUnhandled = (error) => unhandled.push(error);
  process.on("unhandledRejection", onUnhandled);
  try {
    const loggers = [
      { error: (line) => lines.push(line) },
      { error: (line) => Promise.reject(new Error(`${lines.push(line)}`)) },
      {
        error: (line) => {
          throw lines.push(line);
        },
      },
    ];
    const stacks = [Symbol("stack"), Object.create(null), 1, undefined, [{}]];
    const values = stacks.map((stack) => Object.assign(new Error("broken"), { stack }));
    for (const logger of loggers) {
      const log = createLog({ packageName: "a", logger });
      const report = reporter((error) => Promise.reject(error), log);
      for (const error of [...values, Object.create(null), Symbol("x"), null]) {
        report(error, { where: "onSession" });
      }
    }
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    process.off("unhandledRejection", onUnhandled);
  }
  assert.equal(lines.length, 3 * 8 * 2);
  assert.deepEqual(unhandled, []);
});

test("exceptions of authorize are all reported, and logged at most ten a minute", async (t) => {
  let now = 0;
  t.mock.method(performance, "now", () => now);
  const lines = [];
  const errors = [];
  const log = createLog({ packageName: "a", logger: { error: (line) => lines.push(line) } });
  const report = reporter((error) => errors.push(error), log);
  for (let i = 0; i < 2000; i += 1) report(new Error("broken"), { where: "authorize" });
  assert.equal(lines.length, 10);
  for (let i = 0; i < 20; i += 1) report(new Error("broken"), { where: "onStop" });
  assert.equal(lines.length, 30);
  now = 60_000;
  report(new Error("broken"), { where: "authorize" });
  assert.match(lines[30], /authorize failed 1990 more times$/);
  assert.match(lines[31], /authorize failed: Error: broken/);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(errors.length, 2021);
});

test("bodies that do not arrive are given up, and few are read at once", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const read = bodyReader();
  const bodies = [];
  const slow = (body) => {
    bodies.push(body);
    body.add(new Uint8Array(1000));
    return new Promise(() => {});
  };
  const waiting = Array.from({ length: 256 }, () => read(slow));
  await assert.rejects(read(slow), ({ answer }) => answer.status === 429);
  t.mock.timers.tick(10_000);
  for (const each of waiting) await assert.rejects(each, ({ answer }) => answer.status === 408);
  for (const body of bodies) {
    assert.ok(body instanceof Body);
    assert.throws(() => body.add(new Uint8Array(1)), HttpError);
  }
  assert.equal(await read(async (body) => body.add(new TextEncoder().encode("{}"))), "{}");
});
