/**
 * An app of many users: a server with 20 sessions at the cloud of the given URL. With the option
 * `secret` it requires one in the URL of the webhook.
 */
import { once } from "node:events";
import { createServer } from "node:http";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { PACKAGE } from "../../support/paths.mjs";
import { answer, ready } from "../program.mjs";

const { createTpaServer } = await import(pathToFileURL(join(PACKAGE, "server-node.js")).href);

const [cloud, secret] = process.argv.slice(2);
const HONEST = 20;
const PACKAGE_NAME = "org.example.victim";
const KEY = "a-key-that-nobody-may-see";

const seen = { lines: 0, leaks: 0, stops: 0, losses: 0, unhandled: 0 };
process.on("unhandledRejection", () => seen.unhandled++);

const log = (line) => {
  seen.lines++;
  if (line.includes(KEY)) seen.leaks++;
};
const server = createTpaServer({
  packageName: PACKAGE_NAME,
  apiKey: KEY,
  handleSignals: false,
  session: {
    connectTimeout: 60_000,
    maxReconnectAttempts: 0,
    logger: { error: log, warn: log, info: log, debug: log },
  },
  ...(secret !== undefined && { authorize: ({ url }) => url.endsWith(`?secret=${secret}`) }),
  onSession: (session) => session.on("disconnected", () => seen.losses++),
  onStop: () => seen.stops++,
});
const http = createServer(server.node).listen(0, "127.0.0.1");
await once(http, "listening");
const webhook = `http://127.0.0.1:${http.address().port}/webhook${secret === undefined ? "" : `?secret=${secret}`}`;

const honest = [];
for (let index = 0; index < HONEST; index++) {
  const userId = `honest${index}`;
  const sessionId = `${userId}-${PACKAGE_NAME}`;
  await fetch(webhook, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ type: "session_request", sessionId, userId, websocketUrl: cloud }),
  });
  honest.push(server.sessions.get(sessionId));
}

answer({
  report: () => ({
    ...seen,
    connected: honest.filter((session) => session?.state === "connected").length,
    sessions: server.sessions.size,
  }),
});
ready({ honest: HONEST, port: http.address().port, sessionIds: [...server.sessions.keys()] });
