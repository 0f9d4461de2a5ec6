/** `tpa-session/server`: a cloud starts, requests again and stops sessions through a webhook. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import {
  HOSTS,
  PACKAGE,
  app,
  ask,
  control,
  lines,
  load,
  request,
  seen,
  startApp,
  watch,
} from "./server-support.mjs";
import { Cloud } from "../support/cloud.mjs";
import { project } from "./support.mjs";

const SUCCESS = { status: "success" };

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

/** Runs a test with an app, and closes the app afterwards. */
async function withApp(options, run, host) {
  const running = await app(createTpaServer, options, host);
  try {
    await run(running);
  } finally {
    await running.stop();
  }
}

const fault = (fault) => control(server.url, "POST", "/faults", fault);
/** URL in the session requests of the cloud. */
const url = () => server.url.replace("http", "ws") + "/tpa-ws";

for (const [name, host] of Object.entries(HOSTS)) {
  test(`in ${name} the cloud starts a session, requests it again, stops it and starts it again`, () =>
    withApp(
      {},
      async ({ server: host, webhook, told, all, nth }) => {
        const events = await watch(server.url);
        const answered = (wanted) =>
          events.next(({ type, request }) => type === "webhook" && request === wanted);
        const userId = `user${Object.keys(HOSTS).indexOf(name)}`;
        const sessionId = `${userId}-${PACKAGE}`;
        await startApp(server.url, userId, webhook);
        assert.equal((await answered("session_request")).success, true);
        const [{ session, settings, ...started }] = told;
        assert.deepEqual(started, { what: "onSession", sessionId, userId, state: "connected" });
        assert.ok(Array.isArray(settings));
        assert.deepEqual([...host.sessions], [[sessionId, session]]);

        const again = await ask(webhook, request(userId, { augmentOSWebsocketUrl: url() }));
        assert.deepEqual(again, SUCCESS);
        assert.equal(told.length, 1);
        assert.equal((await seen(server.url, userId)).connections.length, 1);

        await control(server.url, "DELETE", `/apps/${PACKAGE}?userId=${userId}`);
        assert.equal((await answered("stop_request")).success, true);
        const stopped = await nth("onStop", 0);
        assert.deepEqual(stopped, {
          what: "onStop",
          reason: "user_disabled",
          session,
          sessionId,
          userId,
          kind: "AppStopped",
        });
        assert.equal(session.state, "stopped");
        assert.equal(host.sessions.size, 0);

        await startApp(server.url, userId, webhook);
        assert.equal((await answered("session_request")).success, true);
        assert.notEqual((await nth("onSession", 1)).session, session);
        assert.equal(all("onStop").length, 1);
        events.stop();
      },
      host,
    ));
}

test("concurrent requests share one session", () =>
  withApp({}, async ({ webhook, told }) => {
    const requests = Array.from({ length: 5 }, () =>
      ask(webhook, request("many", { augmentOSWebsocketUrl: url() })),
    );
    for (const answer of await Promise.all(requests)) assert.deepEqual(answer, SUCCESS);
    assert.equal(told.length, 1);
  }));

test("a stop_request ends the session with its reason", () =>
  withApp({}, async ({ webhook, nth, all }) => {
    const asked = request("alone", { augmentOSWebsocketUrl: url() });
    await ask(webhook, asked);
    const stop = { type: "stop_request", sessionId: asked.sessionId, userId: "alone", reason: "battery" };
    assert.deepEqual(await ask(webhook, stop), SUCCESS);
    assert.deepEqual(await ask(webhook, stop), SUCCESS);
    const { reason, kind, session } = await nth("onStop", 0);
    assert.deepEqual([reason, kind, session.state], ["battery", "AppStopped", "stopped"]);
    assert.equal(all("onStop").length, 1);
  }));

for (const [kind, reason, faults] of [
  ["SessionEnded", "User session ended", [{ fault: "close", code: 1000, reason: "User session ended" }]],
  ["Superseded", "elsewhere", [{ fault: "close", code: 4009, reason: "elsewhere" }]],
  ["Exhausted", "Maximum reconnection attempts exceeded", [{ fault: "refuse" }, { fault: "cut" }]],
]) {
  test(`a session that ends as ${kind} calls onStop once and is created again on request`, () =>
    withApp({ session: { maxReconnectAttempts: 1, reconnectDelay: 10 } }, async (running) => {
      const { server, webhook, nth, all } = running;
      const asked = request(kind, { augmentOSWebsocketUrl: url() });
      await ask(webhook, asked);
      for (const each of faults) await fault({ ...each, sessionId: asked.sessionId });
      const stopped = await nth("onStop", 0);
      assert.deepEqual([stopped.kind, stopped.reason], [kind, reason]);
      assert.equal(server.sessions.size, 0);
      assert.deepEqual(await ask(webhook, asked), SUCCESS);
      assert.equal(all("onSession").length, 2);
      assert.equal(all("onStop").length, 1);
    }));
}

test("a repeated request for a waiting session reconnects at once", () =>
  withApp({ session: { reconnectDelay: 1e6, maxReconnectDelay: 1e6 } }, async ({ webhook, told }) => {
    const asked = request("waiting", { augmentOSWebsocketUrl: url() });
    await ask(webhook, asked);
    const [{ session }] = told;
    const lost = new Promise((resolve) => session.once("reconnecting", resolve));
    await fault({ fault: "cut", sessionId: asked.sessionId });
    await lost;
    assert.deepEqual(await ask(webhook, asked), SUCCESS);
    assert.equal(session.state, "connected");
    assert.equal(told.length, 1);
  }));

test("a repeated request for a session that cannot reconnect is answered with an error", () =>
  withApp(
    { session: { reconnectDelay: 1e6, maxReconnectDelay: 1e6, maxReconnectAttempts: 1 } },
    async ({ webhook, told, nth }) => {
      const asked = request("refused", { augmentOSWebsocketUrl: url() });
      await ask(webhook, asked);
      const [{ session }] = told;
      const lost = new Promise((resolve) => session.once("reconnecting", resolve));
      await fault({ fault: "cut", sessionId: asked.sessionId });
      await lost;
      await fault({ fault: "reject", sessionId: asked.sessionId });
      const { status, message } = await ask(webhook, asked);
      assert.deepEqual([status, message], ["error", "not connected: the session has ended"]);
      assert.equal((await nth("onStop", 0)).kind, "Rejected");
    },
  ));

test("a repeated request detects a stale connection", { timeout: 10_000 }, () =>
  withApp(
    { session: { pongTimeout: 50, pingInterval: 1e6, reconnectDelay: 10 } },
    async ({ webhook, told }) => {
      const asked = request("frozen", { augmentOSWebsocketUrl: url() });
      await ask(webhook, asked);
      const [{ session }] = told;
      session.send({ type: "display_event", view: "main", layout: { layoutType: "text_wall", text: "1" } });
      await session.flush();
      session.send({ type: "display_event", view: "main", layout: { layoutType: "text_wall", text: "2" } });
      await fault({ fault: "freeze", sessionId: asked.sessionId });
      const lost = new Promise((resolve) => session.once("disconnected", resolve));
      assert.deepEqual(await ask(webhook, asked), SUCCESS);
      assert.equal((await lost).code, 4008);
    },
  ),
);

test("a rejected session is answered with an error, without onSession", () => {
  const { lines: written, logger } = lines();
  const options = { apiKey: "sEcReT", session: { logLevel: "debug", logger } };
  return withApp(options, async ({ server, webhook, told }) => {
    const { status, message } = await ask(webhook, request("wrong", { augmentOSWebsocketUrl: url() }));
    assert.equal(status, "error");
    assert.match(message, /^not connected: .*Invalid API key/);
    assert.match(written.join(), /Invalid API key/);
    assert.doesNotMatch(message + written.join(), /sEcReT/);
    assert.equal(server.sessions.size, 0);
    assert.deepEqual(told, []);
  });
});

test("a session stopped before it is connected does not call onSession", () =>
  withApp({}, async ({ server: host, webhook, told }) => {
    const asked = request("early", { augmentOSWebsocketUrl: url() });
    await fault({ fault: "drop_acks", sessionId: asked.sessionId });
    const events = await watch(server.url);
    const opening = ask(webhook, asked);
    await events.next(({ type }) => type === "opened");
    await ask(webhook, { type: "stop_request", sessionId: asked.sessionId, userId: "early", reason: "no" });
    const { status, message } = await opening;
    assert.equal(status, "error");
    assert.match(message, /^not connected: .*no/);
    assert.equal(host.sessions.size, 0);
    assert.deepEqual(told, []);
    events.stop();
    await control(server.url, "DELETE", "/faults");
  }));

for (const [how, onSession] of [
  ["throws", () => assert.fail("broken")],
  ["rejects", () => Promise.reject(new Error("broken"))],
]) {
  test(`an onSession that ${how} ends only its own session`, () => {
    const { lines: written, logger } = lines();
    const options = {
      session: { logger, logLevel: "error" },
      onSession: (_, { userId }) => (userId === how ? onSession() : undefined),
    };
    return withApp(options, async ({ server, webhook, nth }) => {
      const asked = request(how, { augmentOSWebsocketUrl: url() });
      const answer = await ask(webhook, asked);
      assert.deepEqual(answer, { status: "error", message: "onSession failed" });
      const { reason, session } = await nth("onStop", 0);
      assert.deepEqual([reason, session.state], ["onSession failed", "stopped"]);
      assert.equal(written.length, 1);
      assert.match(written[0], /^\[tpa-session\] package=\S+ session=\S+ onSession failed: .*broken/);
      assert.deepEqual(await ask(webhook, request("other", { augmentOSWebsocketUrl: url() })), SUCCESS);
      assert.deepEqual([...server.sessions.keys()], [`other-${PACKAGE}`]);
    });
  });
}

test("onError receives what the app's functions throw, and the log has it too", () => {
  const { lines: written, logger } = lines();
  const errors = [];
  const broken = (where) => () => {
    throw new Error(`broken ${where}`);
  };
  const options = {
    session: { logger, logLevel: "error" },
    authorize: ({ header }) => header("X-Broken") === undefined || broken("authorize")(),
    onSession: (session, { userId }) => {
      session.on("broken", broken("handler"));
      if (userId === "bad") broken("onSession")();
    },
    onStop: broken("onStop"),
    onError: (error, context) => {
      errors.push([error.message, context]);
      return context.where === "onStop" ? broken("onError")() : Promise.reject(new Error("broken again"));
    },
  };
  return withApp(options, async ({ server: host, webhook, nth }) => {
    await fetch(webhook, { method: "POST", headers: { "x-broken": "1" } });
    await ask(webhook, request("good", { augmentOSWebsocketUrl: url() }));
    const { session, sessionId } = await nth("onSession", 0);
    session.events.emit("broken", {});
    await ask(webhook, request("bad", { augmentOSWebsocketUrl: url() }));
    await host.close();
    const wheres = errors.map(([, { where }]) => where);
    assert.deepEqual(wheres, ["authorize", "handler", "onSession", "onStop", "onStop"]);
    assert.deepEqual(errors[1], [
      "the handler of broken failed: broken handler",
      { session, sessionId, userId: "good", where: "handler" },
    ]);
    assert.deepEqual(errors[0], ["broken authorize", { where: "authorize" }]);
    const log = written.join("\n");
    for (const { where } of errors.map(([, context]) => context)) assert.ok(log.includes(`broken ${where}`));
    assert.match(log, /onError failed: .*broken (?:again|onError)/);
  });
});

test("exceptions of onStop are logged", () => {
  const { lines: written, logger } = lines();
  const onStop = () => Promise.reject(new Error("broken"));
  return withApp({ session: { logger, logLevel: "error" }, onStop }, async ({ server, webhook }) => {
    await ask(webhook, request("stop", { augmentOSWebsocketUrl: url() }));
    await server.close();
    assert.match(written.join(), /onStop failed: .*broken/);
  });
});

test("a request that names another cloud moves the session", async () => {
  const other = await Cloud.start();
  const urls = [url(), other.url.replace("http", "ws") + "/tpa-ws"];
  const clouds = urls.map((url) => new URL(url).host);
  try {
    await withApp({ clouds }, async ({ server: host, webhook, told }) => {
      const events = await watch(server.url);
      for (const augmentOSWebsocketUrl of urls) {
        assert.deepEqual(await ask(webhook, request("moving", { augmentOSWebsocketUrl })), SUCCESS);
      }
      const released = await events.next(({ type }) => type === "released");
      assert.equal(released.reason, "switching_clouds");
      assert.deepEqual(
        told.map(({ what, reason }) => [what, reason]),
        [
          ["onSession", undefined],
          ["onStop", "switching_clouds"],
          ["onSession", undefined],
        ],
      );
      assert.deepEqual([...host.sessions.values()], [told[2].session]);
      assert.equal((await seen(other.url, "moving")).connections.length, 1);
      // A request without a URL does not move the session.
      assert.deepEqual(await ask(webhook, request("moving")), SUCCESS);
      assert.equal(told.length, 3);
      events.stop();
    });
  } finally {
    other.stop();
  }
});

test("a request without a URL uses the one in the options", () =>
  withApp({ session: { mentraOSWebsocketUrl: url() } }, async ({ webhook }) => {
    assert.deepEqual(await ask(webhook, request("own")), SUCCESS);
    assert.equal((await seen(server.url, "own")).connections.length, 1);
  }));

test("sessions have the class of the option", async () => {
  const { TpaSession } = load(place, "tpa-session");
  const { TpaSession: FullSession } = load(place, "tpa-session/full");
  class Own extends TpaSession {
    own = true;
  }
  const pressed = [];
  for (const [userId, Session] of [
    ["main", undefined],
    ["moved", FullSession],
    ["own", Own],
  ]) {
    const onSession = (session) => pressed.push(typeof session.onButtonPress);
    await withApp({ TpaSession: Session, onSession }, async ({ webhook, nth, server: host }) => {
      const wanted = request(userId, { augmentOSWebsocketUrl: url() });
      assert.deepEqual(await ask(webhook, wanted), SUCCESS);
      const { session } = await nth("onSession", 0);
      assert.ok(session instanceof TpaSession);
      assert.equal(session.constructor, Session ?? TpaSession);
      assert.equal(host.sessions.get(wanted.sessionId), session);
    });
  }
  assert.deepEqual(pressed, ["undefined", "function", "undefined"]);
});
