/** Two sessions on sockets in the process: the first one is made anew for each frame that it is given. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { PACKAGE } from "../../support/paths.mjs";
import { answer, ready } from "../program.mjs";

const { TpaSession } = await import(pathToFileURL(join(PACKAGE, "full-node.js")).href);

/** Socket that is acknowledged at once. */
class Socket {
  readyState = 0;
  bufferedAmount = 0;

  constructor() {
    setImmediate(() => {
      this.readyState = 1;
      this.onopen?.({});
      this.receive('{"type":"tpa_connection_ack","settings":[]}');
    });
  }

  /** @param {string} data */
  receive(data) {
    this.onmessage?.({ data });
  }

  send() {}

  close() {
    this.readyState = 3;
  }
}

/** Sockets of all sessions. @type {Socket[]} */
const sockets = [];

async function open() {
  const session = new TpaSession({
    packageName: "org.example.app",
    apiKey: "key",
    augmentOSWebsocketUrl: "ws://127.0.0.1:1",
    logLevel: "silent",
    WebSocket: class extends Socket {
      constructor() {
        super();
        sockets.push(this);
      }
    },
  });
  const told = { errors: 0, ends: 0 };
  session.on("error", () => told.errors++);
  session.on("disconnected", () => told.ends++);
  session.events.onTranscription(() => {});
  session.settings.onValueChange("lines", () => {});
  session.dashboard.content.onModeChange(() => {});
  void [session.camera, session.device.state, session.audio];
  await session.connect("user-org.example.app");
  return { session, socket: sockets.at(-1), told };
}

const other = await open();
let one = await open();

answer({
  async receive(text) {
    one.session.dispose();
    one = await open();
    one.socket?.receive(text);
    // What follows in microtasks and at once.
    await new Promise(setImmediate);
    return { state: one.session.state, other: other.session.state, ...one.told };
  },
});
ready({});
