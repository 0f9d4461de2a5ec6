/** An app with a server, whose user has asked for a photo that does not come. */
import { once } from "node:events";
import { createServer } from "node:http";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { PACKAGE } from "../../support/paths.mjs";
import { answer, ready } from "../program.mjs";

const load = (file) => import(pathToFileURL(join(PACKAGE, file)).href);
const { createTpaServer } = await load("server-node.js");
const { TpaSession } = await load("full-node.js");

const [websocketUrl] = process.argv.slice(2);
const PACKAGE_NAME = "org.example.victim";
const lines = [];
const log = (line) => lines.push(line);

const server = createTpaServer({
  packageName: PACKAGE_NAME,
  apiKey: "dev-key",
  TpaSession,
  handleSignals: false,
  session: { logger: { error: log, warn: log, info: log, debug: log } },
  onSession() {},
});
const http = createServer(server.node).listen(0, "127.0.0.1");
await once(http, "listening");
const url = `http://127.0.0.1:${http.address().port}`;
const sessionId = `ann-${PACKAGE_NAME}`;
await fetch(`${url}/webhook`, {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ type: "session_request", sessionId, userId: "ann", websocketUrl }),
});
const session = server.sessions.get(sessionId);
let photo = "pending";
session.camera.requestPhoto().then(
  ({ size }) => (photo = size),
  ({ code }) => (photo = code),
);

answer({ report: () => ({ state: session.state, photo, lines: lines.length }) });
ready({ url });
