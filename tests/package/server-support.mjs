/** Apps with a webhook, in each kind of server, and the control interface of a cloud. */
import { once } from "node:events";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";

import express from "express";

export const PACKAGE = "org.example.server";
export const KEY = "dev-key";

/** Imports a module that is installed in a project. */
export const load = (place, name) => createRequire(join(place.folder, "app.cjs"))(name);

/** Request listeners for Node, one for each way in which an app can use a server. */
export const HOSTS = {
  "Node's http": (server) => server.node,
  "Express without a parser": (server) => express().post("/webhook", server.node),
  "Express with a parser": (server) => express().use(express.json()).post("/webhook", server.node),
  "Express with text": (server) =>
    express()
      .use(express.text({ type: "*/*" }))
      .use("/webhook", server.node),
  "Express before version 5, whose body is empty": (server) =>
    express()
      .use((request, _, next) => next(void (request.body = {})))
      .post("/webhook", server.node),
  "Express that mounts": (server) => express().use("/webhook", server.node),
  "a server that fetches": (server) => bridge(server.fetch),
};

/** Adapter from `Request` and `Response`, as in Bun, Deno and Hono. */
function bridge(handler) {
  return async (incoming, outgoing) => {
    const { method, headers, url } = incoming;
    const body = method === "POST" ? { body: incoming, duplex: "half" } : {};
    const response = await handler(new Request(`http://localhost${url}`, { method, headers, ...body }));
    outgoing.writeHead(response.status, Object.fromEntries(response.headers));
    outgoing.end(await response.text());
  };
}

/** Listens on a free port. */
export async function listen(listener) {
  const http = createServer(listener).listen(0, "127.0.0.1");
  await once(http, "listening");
  const stop = () => {
    http.closeAllConnections();
    http.close();
  };
  return { webhook: `http://127.0.0.1:${http.address().port}/webhook`, stop };
}

/** Starts an app. `told` has its events, and `next(event)` waits for the next one. */
export async function app(createTpaServer, options, host = HOSTS["Node's http"]) {
  const told = [];
  let heard = () => {};
  const tell = (entry) => {
    told.push(entry);
    heard();
  };
  const server = createTpaServer({
    packageName: PACKAGE,
    apiKey: KEY,
    handleSignals: false,
    ...options,
    session: { logLevel: "silent", ...options.session },
    onSession: (session, context) => {
      tell({ what: "onSession", session, ...context, state: session.state });
      return options.onSession?.(session, context);
    },
    onStop: (reason, context) => {
      tell({ what: "onStop", reason, ...context });
      return options.onStop?.(reason, context);
    },
  });
  const { webhook, stop } = await listen(host(server));
  return {
    server,
    webhook,
    told,
    /** Events of this kind so far. */
    all: (what) => told.filter((entry) => entry.what === what),
    /** Waits for the entry with this index. */
    async nth(what, number) {
      for (;;) {
        const entry = told.filter((entry) => entry.what === what)[number];
        if (entry !== undefined) return entry;
        await new Promise((resolve) => (heard = resolve));
      }
    },
    async stop() {
      await server.close({ timeout: 0 });
      stop();
    },
  };
}

/** Sends a request to a webhook and returns the response. */
export async function ask(webhook, body) {
  const response = await fetch(webhook, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return response.json();
}

/** Request of a cloud. */
export const request = (userId, more = {}) => ({
  type: "session_request",
  sessionId: `${userId}-${PACKAGE}`,
  userId,
  timestamp: new Date().toISOString(),
  ...more,
});

/** Sends a request to the control interface of a cloud. */
export const control = (url, method, path, body) =>
  fetch(url + path, {
    method,
    headers: { "content-type": "application/json" },
    ...(body && { body: JSON.stringify(body) }),
  });

export const startApp = (url, userId, webhookUrl) =>
  control(url, "POST", "/apps", { packageName: PACKAGE, userId, webhookUrl });

/** Returns a user session from the cloud. */
export async function seen(url, userId) {
  const sessions = await (await fetch(`${url}/sessions`)).json();
  return sessions.find(({ userSessionId }) => userSessionId === userId);
}

/** Follows the events of a cloud: `next(matches)` returns the first matching event not returned before. */
export async function watch(url) {
  const abort = new AbortController();
  const response = await fetch(`${url}/events`, { signal: abort.signal });
  const lines = response.body.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]();
  let text = (await lines.next()).value;
  const events = [];
  return {
    async next(fits) {
      for (;;) {
        const at = events.findIndex(fits);
        if (at >= 0) return events.splice(at, 1)[0];
        const { done, value } = await lines.next();
        if (done) throw new Error("the cloud has ended");
        const parts = (text + value).split("\n");
        text = parts.pop();
        for (const line of parts) if (line.startsWith("data:")) events.push(JSON.parse(line.slice(5)));
      }
    },
    stop: () => abort.abort(),
  };
}

/** Logger that records its lines. */
export function lines() {
  const lines = [];
  const line = (text) => lines.push(text);
  return { lines, logger: { error: line, warn: line, info: line, debug: line } };
}
