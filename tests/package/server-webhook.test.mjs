/** Requests that a webhook rejects; anyone can send them. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { after, before, test } from "node:test";

import { HOSTS, KEY, PACKAGE, app, lines, load, request } from "./server-support.mjs";
import { Cloud } from "../support/cloud.mjs";
import { project } from "./support.mjs";

const JSON_HEADERS = { "content-type": "application/json" };

let place;
let server;
let createTpaServer;

before(async () => {
  place = project({ ws: true });
  server = await Cloud.start();
  ({ createTpaServer } = load(place, "tpa-session/server"));
});

after(() => {
  server?.stop();
  place?.remove();
});

const url = () => server.url.replace("http", "ws") + "/tpa-ws";

/** Sends a request; returns status, headers and body of the response. */
async function send(webhook, body, options = {}) {
  const headers = { "content-type": "application/json" };
  const response = await fetch(webhook, { method: "POST", headers, body, ...options });
  assert.equal(response.headers.get("content-type"), "application/json");
  return { code: response.status, headers: response.headers, ...(await response.json()) };
}

async function refuses(webhook, body, code, message, options) {
  const answer = await send(webhook, body, options);
  assert.deepEqual([answer.code, answer.status], [code, "error"], answer.message);
  assert.match(answer.message, message);
  return answer;
}

const WRONG = [
  ["nothing", "", /not JSON/],
  ["half of JSON", '{"type":', /not JSON/],
  ["null", "null", /not a JSON object/],
  ["a list", "[]", /not a JSON object/],
  ["a number", "7", /not a JSON object/],
  ["no type", "{}", /^type: must be .*, it is missing$/],
  ["an unknown type", '{"type":"tool_call"}', /^type: must be .*"stop_request", not "tool_call"$/],
  ["no session", '{"type":"session_request","userId":"u"}', /^sessionId: .* missing$/],
  ["an empty session", '{"type":"session_request","sessionId":"","userId":"u"}', /^sessionId: .*, not ""$/],
  ["no user", '{"type":"session_request","sessionId":"s"}', /^userId: /],
  ["a user that is none", '{"type":"session_request","sessionId":"s","userId":{}}', /^userId: .* an object$/],
  ["a stop of nothing", '{"type":"stop_request"}', /^sessionId: /],
  ["a reason that is none", '{"type":"stop_request","sessionId":"s","reason":1}', /^reason: .*, not 1$/],
  ["a long id", JSON.stringify(request("u".repeat(1001))), /^\w+Id: must be at most 1000 characters, not /],
  ["a long value", JSON.stringify({ type: "x".repeat(9999) }), /^type: .{1,200}$/],
  ...["https://127.0.0.1/", "no URL", "", 3, {}].map((augmentOSWebsocketUrl) => [
    `the URL ${JSON.stringify(augmentOSWebsocketUrl)}`,
    JSON.stringify(request("u", { augmentOSWebsocketUrl })),
    /^augmentOSWebsocketUrl: must be a ws: or wss: URL of at most 8000 characters, not /,
  ]),
  ["another URL", JSON.stringify(request("u", { mentraOSWebsocketUrl: "x" })), /^mentraOSWebsocketUrl: /],
];

for (const name of ["Node's http", "Express with text", "a server that fetches"]) {
  test(`${name} rejects invalid requests with the reason`, async () => {
    const { webhook, told, server: host, stop } = await app(createTpaServer, {}, HOSTS[name]);
    try {
      for (const [what, body, message] of WRONG) {
        await refuses(webhook, body, 400, message).catch((error) => {
          throw new Error(what, { cause: error });
        });
      }
      assert.equal(host.sessions.size, 0);
      assert.deepEqual(told, []);
    } finally {
      await stop();
    }
  });
}

test("a body that the parser of Express rejected or skipped", async () => {
  const { webhook, stop } = await app(createTpaServer, {}, HOSTS["Express with a parser"]);
  try {
    await refuses(webhook, "{}", 400, /^type: /);
    await refuses(webhook, "{}", 415, /^content-type: must be application\/json, not "text\/plain"$/, {
      headers: { "content-type": "text/plain" },
    });
    assert.equal((await fetch(webhook, { method: "GET" })).status, 404);
  } finally {
    await stop();
  }
});

for (const name of ["Node's http", "Express that mounts", "a server that fetches"]) {
  test(`${name} limits the method and the size of the body`, async () => {
    const { webhook, stop } = await app(createTpaServer, {}, HOSTS[name]);
    try {
      const { headers } = await refuses(webhook, undefined, 405, /POST/, { method: "GET" });
      assert.equal(headers.get("allow"), "POST");
      const fits = JSON.stringify({ type: "x", more: "é".repeat(32_600) });
      await refuses(webhook, fits, 400, /^type: /);
      await refuses(webhook, `${fits}${" ".repeat(1000)}`, 413, /more than 65536 bytes/);
      const endless = new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array(8192)),
      });
      const abort = new AbortController();
      const answer = fetch(webhook, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: endless.pipeThrough(new TransformStream(), { signal: abort.signal }),
        duplex: "half",
      });
      assert.equal((await answer).status, 413);
      abort.abort();
    } finally {
      await stop();
    }
  });
}

test("a body that was already read is an error, without waiting for it", { timeout: 10_000 }, async () => {
  for (const event of ["end", "close"]) {
    const host = (server) => (request, response) =>
      request.resume().on(event, () => server.node(request, response));
    const { webhook, stop } = await app(createTpaServer, {}, host);
    try {
      await refuses(webhook, "{}", 400, /^the body could not be read$/);
    } finally {
      await stop();
    }
  }
  const { fetch, close } = createTpaServer({ packageName: PACKAGE, apiKey: KEY, onSession() {} });
  for (const take of [(asked) => asked.text(), (asked) => asked.body.getReader()]) {
    const options = { method: "POST", headers: JSON_HEADERS, body: "{}" };
    const asked = new Request("http://localhost/webhook", options);
    await take(asked);
    const answer = await fetch(asked);
    assert.deepEqual([answer.status, (await answer.json()).message], [400, "the body could not be read"]);
  }
  await close();
});

test("a client that disconnects during a request has no effect", async () => {
  const { lines: written, logger } = lines();
  const { webhook, stop } = await app(createTpaServer, { session: { logger, logLevel: "error" } });
  try {
    const socket = connect(new URL(webhook).port, "127.0.0.1");
    await once(socket, "connect");
    const head = ["POST /webhook HTTP/1.1", "host: localhost", "content-length: 100", "expect: 100-continue"];
    socket.write([...head, "", ""].join("\r\n"));
    await once(socket, "data");
    socket.write("{");
    socket.destroy();
    await once(socket, "close");
    await refuses(webhook, "{}", 400, /^type: /);
    assert.deepEqual(written, []);
  } finally {
    await stop();
  }
});

for (const name of ["Node's http", "a server that fetches"]) {
  test(`${name} serves only the webhook`, async () => {
    const { webhook, stop } = await app(createTpaServer, { webhookPath: "/tpa/hook" }, HOSTS[name]);
    const at = (path) => new URL(path, webhook).href;
    try {
      await refuses(at("/"), "{}", 404, /^not found$/);
      await refuses(at("/webhook"), "{}", 404, /^not found/);
      await refuses(at("/tpa/hook?a=/b"), "{}", 400, /^type: /);
    } finally {
      await stop();
    }
  });

  test(`${name} calls authorize`, async () => {
    const seen = [];
    const { lines: written, logger } = lines();
    const options = {
      session: { logger, logLevel: "error" },
      authorize: ({ url, header, raw }) => {
        seen.push(typeof raw);
        if (header("X-Broken") !== undefined) throw new Error("broken");
        return new URLSearchParams(url.split("?")[1]).get("token") === "t" || header("X-Token");
      },
    };
    const { webhook, told, stop } = await app(createTpaServer, options, HOSTS[name]);
    try {
      const asked = JSON.stringify(request("u", { augmentOSWebsocketUrl: url() }));
      await refuses(webhook, asked, 401, /^not authorized$/);
      await refuses(`${webhook}?token=T`, asked, 401, /^not authorized$/);
      // Only `true` authorises; a truthy value may be a bug.
      await refuses(webhook, asked, 401, /^not authorized$/, { headers: { "x-token": "anything" } });
      await refuses(webhook, asked, 500, /^authorize failed$/, { headers: { "x-broken": "1" } });
      assert.match(written.join(), /authorize failed: .*broken/);
      assert.deepEqual(told, []);
      assert.equal((await send(`${webhook}?token=t`, asked)).code, 200);
      assert.deepEqual(new Set(seen), new Set(["object"]));
    } finally {
      await stop();
    }
  });
}

test("a request can send the API key only to a cloud of the app", async () => {
  const { host, port } = new URL(url());
  const otherName = `ws://localhost:${port}/tpa-ws`;
  for (const [options, where, code] of [
    [{ clouds: [host] }, url(), 200],
    [{ clouds: ["cloud.example.org", host] }, url(), 200],
    [{ clouds: ["cloud.example.org:443", "localhost:1"] }, url(), 403],
    [{ clouds: [] }, url(), 403],
    [{ clouds: ["cloud.example.org"] }, "wss://cloud.example.org.example.net/tpa-ws", 403],
    [{ clouds: ["cloud.example.org"] }, "wss://cloud.example.org@example.net/tpa-ws", 403],
    [{ clouds: ["cloud.example.org"] }, "wss://cloud.example.org:8443/tpa-ws", 403],
    // The default is the host of the URL in the options, under any name of this machine.
    [{ session: { augmentOSWebsocketUrl: otherName.replace("ws", "http") } }, url(), 200],
    [{ session: { mentraOSWebsocketUrl: url() } }, otherName, 200],
    // Without a list, this machine is allowed in addition to the app's own cloud.
    [{ session: { augmentOSWebsocketUrl: "wss://cloud.example.org/tpa-ws" } }, url(), 200],
    [{ session: { augmentOSWebsocketUrl: "wss://cloud.example.org/tpa-ws" } }, "wss://example.org/", 403],
    [{ session: { augmentOSWebsocketUrl: () => "wss://cloud.invalid/" } }, "wss://cloud.invalid/", 403],
    [{}, "wss://cloud.invalid/", 403],
    [{ session: { augmentOSWebsocketUrl: () => url() } }, url(), 200],
  ]) {
    const { webhook, stop } = await app(createTpaServer, options);
    try {
      const body = JSON.stringify(request("u", { augmentOSWebsocketUrl: where }));
      const answer = await send(webhook, body);
      assert.equal(answer.code, code, `${JSON.stringify(options)} ${where}: ${answer.message}`);
      if (code === 403) assert.match(answer.message, /is not one of the hosts in the option "clouds"/);
    } finally {
      await stop();
    }
  }
});

test("a cloud is not reached without encryption unless the app says so", async () => {
  const session = { maxReconnectAttempts: 0, connectTimeout: 1 };
  const at = (augmentOSWebsocketUrl) => ({ session: { ...session, augmentOSWebsocketUrl } });
  const cloud = "cloud.invalid";
  for (const [options, where, code] of [
    [at(`wss://${cloud}/tpa-ws`), `ws://${cloud}/tpa-ws`, 403],
    [at(`https://${cloud}/tpa-ws`), `ws://${cloud}/tpa-ws`, 403],
    [{ ...at(`wss://${cloud}/tpa-ws`), clouds: ["other.invalid:80"] }, "ws://other.invalid:80/", 403],
    [{ session, clouds: [cloud] }, `ws://${cloud}/tpa-ws`, 403],
    [{ session, clouds: [cloud] }, `wss://${cloud}/tpa-ws`, 502],
    [{ session, clouds: [`${cloud}:8002`] }, `ws://${cloud}:8002/tpa-ws`, 502],
    [at(`ws://${cloud}/tpa-ws`), `ws://${cloud}/tpa-ws`, 502],
  ]) {
    const { webhook, stop } = await app(createTpaServer, options);
    try {
      const body = JSON.stringify(request("u", { augmentOSWebsocketUrl: where }));
      const answer = await send(webhook, body);
      assert.equal(answer.code, code, `${JSON.stringify(options)} ${where}: ${answer.message}`);
      if (code === 403) assert.match(answer.message, /: must be reached by wss:, not by ws:$/);
    } finally {
      await stop();
    }
  }
});

test("the URL fields have an order", async () => {
  const { webhook, stop } = await app(createTpaServer, {});
  try {
    const fields = { augmentOSWebsocketUrl: "ws://127.0.0.1:1/", mentraOSWebsocketUrl: "ws://127.0.0.1:2/" };
    const all = { websocketUrl: url(), ...fields };
    assert.equal((await send(webhook, JSON.stringify(request("order", all)))).code, 200);
    const wrong = JSON.stringify(request("u", { ...fields, mentraOSWebsocketUrl: "x" }));
    await refuses(webhook, wrong, 400, /^mentraOSWebsocketUrl: /);
    await refuses(webhook, JSON.stringify(request("u", { ...all, websocketUrl: 1 })), 400, /^websocketUrl: /);
  } finally {
    await stop();
  }
});

for (const name of ["Node's http", "a server that fetches"]) {
  test(`${name} refuses requests of a page`, async () => {
    const { lines: written, logger } = lines();
    const session = { logger, logLevel: "warn" };
    const { webhook, told, server: host, stop } = await app(createTpaServer, { session }, HOSTS[name]);
    try {
      const asked = JSON.stringify(request("page", { augmentOSWebsocketUrl: url() }));
      for (const header of ["Origin", "Sec-Fetch-Site"]) {
        // A page without permission can send a body only as text.
        for (const type of ["application/json", "text/plain"]) {
          const headers = { "content-type": type, [header]: header === "Origin" ? "null" : "cross-site" };
          await refuses(webhook, asked, 403, /^requests from browsers are refused/, { headers });
        }
      }
      assert.equal(host.sessions.size, 0);
      assert.deepEqual(told, []);
      assert.match(written.join("\n"), /refused POST \/webhook with 403: requests from browsers/);
    } finally {
      await stop();
    }
  });
}

test("a body that throws when it is read is a bad request", async () => {
  const host = (server) => (request, response) => {
    Object.defineProperty(request, "body", {
      get() {
        throw new Error("no parser");
      },
    });
    return server.node(request, response);
  };
  const { webhook, stop } = await app(createTpaServer, {}, host);
  try {
    await refuses(webhook, "{}", 400, /^the body could not be read$/);
  } finally {
    await stop();
  }
});

test("a response that a timeout of the app has sent is left alone", async () => {
  const answered = [];
  const host = (server) => (request, response) => {
    answered.push(
      (async () => {
        const answering = server.node(request, response);
        response.statusCode = 503;
        response.end("{}");
        await answering;
      })(),
    );
  };
  const { webhook, stop } = await app(createTpaServer, {}, host);
  try {
    const body = JSON.stringify(request("late", { augmentOSWebsocketUrl: url() }));
    assert.equal((await fetch(webhook, { method: "POST", headers: JSON_HEADERS, body })).status, 503);
    await Promise.all(answered);
  } finally {
    await stop();
  }
});

test("a server that is open to everyone says so once, at the start", async () => {
  const { lines: written, logger } = lines();
  const session = { logger, logLevel: "warn" };
  const start = async (options) => {
    const { stop } = await app(createTpaServer, { ...options, session });
    await stop();
    return written.splice(0);
  };
  const [line, ...more] = await start({});
  assert.match(line, /without the option "authorize" anyone who reaches the server can/);
  assert.deepEqual(more, []);
  assert.deepEqual(await start({ authorize: () => true }), []);
});

test("invalid options are rejected by name", () => {
  const right = { packageName: PACKAGE, apiKey: KEY, onSession() {}, handleSignals: false };
  assert.equal(typeof createTpaServer(right).node, "function");
  for (const [options, message] of [
    [undefined, /^options: must be an object, not undefined$/],
    [{ ...right, packageName: undefined }, /^packageName: /],
    [{ ...right, apiKey: "" }, /^apiKey: must be a non-empty string/],
    [{ ...right, onSession: 7 }, /^onSession: must be a function, not 7$/],
    [{ ...right, onStop: "x" }, /^onStop: must be a function, not "x"$/],
    [{ ...right, onError: 1 }, /^onError: must be a function, not 1$/],
    [{ ...right, maxSessions: 0 }, /^maxSessions: must be a whole number, 1 or more, not 0$/],
    [{ ...right, maxUnconnectedSessions: "9" }, /^maxUnconnectedSessions: .*, not "9"$/],
    [{ ...right, authorize: true }, /^authorize: must be a function, not true$/],
    [{ ...right, webhookPath: "webhook" }, /^webhookPath: .*, not "webhook"$/],
    [{ ...right, webhookPath: "/a?b" }, /^webhookPath: /],
    [{ ...right, clouds: "localhost" }, /^clouds: must be a list of hosts/],
    [{ ...right, clouds: ["wss://localhost/"] }, /^clouds: /],
    [{ ...right, handleSignals: "no" }, /^handleSignals: must be "handover", .*, not "no"$/],
    [{ ...right, session: null }, /^session: must be an object, not null$/],
    [{ ...right, TpaSession: null }, /^TpaSession: must be a session class, such as .*, not null$/],
    [{ ...right, TpaSession: Map }, /^TpaSession: must be a session class, .*, not a function$/],
    [{ ...right, TpaSession: "TpaSession" }, /^TpaSession: .*, not "TpaSession"$/],
    [{ ...right, session: { jitter: 2 } }, /^jitter: .*, not 2$/],
    [{ ...right, session: { augmentOSWebsocketUrl: "no" } }, /^augmentOSWebsocketUrl: /],
  ]) {
    assert.throws(() => createTpaServer(options), { name: "TypeError", message });
  }
  assert.throws(
    () => createTpaServer({ ...right, packageName: 1, apiKey: "sEcReT" }),
    ({ message }) => !message.includes("sEcReT"),
  );
});
