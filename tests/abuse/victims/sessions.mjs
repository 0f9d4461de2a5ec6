/**
 * An app with 50 sessions: one at the first URL, the others at the second, which is that of an honest
 * cloud. They listen to everything.
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { PACKAGE } from "../../support/paths.mjs";
import { answer, ready } from "../program.mjs";

const { TpaSession } = await import(pathToFileURL(join(PACKAGE, "full-node.js")).href);

const [hostileUrl, honestUrl] = process.argv.slice(2);
/** Sessions at each. */
const [HOSTILE, HONEST] = [1, 49];
const PACKAGE_NAME = "org.example.victim";
const KEY = "a-key-that-nobody-may-see";

/** Events, lines and texts of errors that were seen. */
const seen = { errors: 0, frames: 0, lines: 0, ends: 0, leaks: 0 };
let losses = 0;

function note(text) {
  if (String(text).includes(KEY.slice(0, 8))) seen.leaks++;
}

const log = (line) => {
  seen.lines++;
  note(line);
};

function open(url, name) {
  const session = new TpaSession({
    packageName: PACKAGE_NAME,
    apiKey: KEY,
    augmentOSWebsocketUrl: url,
    maxReconnectAttempts: Infinity,
    reconnectDelay: 50,
    maxReconnectDelay: 200,
    logger: { error: log, warn: log, info: log, debug: log },
  });
  session.on("error", (error) => {
    seen.errors++;
    note(error.message);
    note(error.code);
  });
  session.on("disconnected", ({ permanent }) => permanent && seen.ends++);
  session.events.onTranscription(() => seen.frames++);
  session.on("custom_message", () => seen.frames++);
  // What they keep counts too.
  void [session.settings, session.dashboard, session.camera, session.device.state];
  session.connect(`${name}-${PACKAGE_NAME}`).catch(() => {});
  return session;
}

const hostile = Array.from({ length: HOSTILE }, (_, index) => open(hostileUrl, `hostile${index}`));
const honest = Array.from({ length: HONEST }, (_, index) => open(honestUrl, `honest${index}`));
for (const session of honest) session.on("disconnected", () => losses++);
await Promise.all(honest.map((session) => session.connect(session.sessionId)));

answer({
  report: () => {
    const timelines = JSON.stringify(hostile.map((session) => session.timeline()));
    note(timelines);
    const states = Object.groupBy?.(hostile, ({ state }) => state);
    return {
      ...seen,
      losses,
      connected: honest.filter(({ state }) => state === "connected").length,
      states: states && Object.keys(states),
    };
  },
});
ready({ honest: HONEST });
