/** Sessions of a cluster without the package `ws`: Node's own WebSocket, or none. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { project } from "./support.mjs";

/** Cloud that acknowledges a session, and then answers nothing, not even a close. */
const SILENT_CLOUD = `
  import { createHash } from "node:crypto";
  import { once } from "node:events";
  import { createServer } from "node:http";
  const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  const cloud = createServer();
  const connected = new Promise((resolve) => cloud.on("upgrade", ({ headers }, socket) => {
    const accept = createHash("sha1").update(headers["sec-websocket-key"] + GUID).digest("base64");
    socket.write("HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n" +
      "Sec-WebSocket-Accept: " + accept + "\\r\\n\\r\\n");
    const ack = Buffer.from('{"type":"tpa_connection_ack"}');
    socket.once("data", () => socket.write(Buffer.concat([Buffer.from([0x81, ack.length]), ack])));
    socket.on("error", () => {});
    resolve(socket);
  }));
  cloud.listen(0, "127.0.0.1");
  await once(cloud, "listening");
  const host = "127.0.0.1:" + cloud.address().port;
`;

const SERVER = `
  import { createTpaServer } from "tpa-session/server";
  import { MemoryStore, createCluster } from "tpa-session/cluster";
  const store = new MemoryStore();
  const server = createTpaServer({
    packageName: "org.example.native",
    apiKey: "dev-key",
    authorize: () => true,
    clouds: [host],
    cluster: createCluster({ open: (opening) => store.open(opening) }),
    handleSignals: false,
    session: { logLevel: "silent" },
    onSession() {},
  });
  const body = JSON.stringify({
    type: "session_request",
    sessionId: "ada-org.example.native",
    userId: "ada",
    mentraOSWebsocketUrl: "ws://" + host + "/app-ws",
  });
  const headers = { "content-type": "application/json" };
  const request = new Request("http://localhost/webhook", { method: "POST", headers, body });
  const response = await server.fetch(request);
  console.log(response.status, await response.text());
`;

let app;
before(() => void (app = project({ ws: false })));
after(() => app?.remove());

test("Node's own WebSocket: a connection whose cloud is silent ends with the server", async () => {
  const { code, output } = await app.app(
    "native.mjs",
    `${SILENT_CLOUD}
     ${SERVER}
     const socket = await connected;
     const ended = once(socket, "end");
     socket.resume();
     await server.close({ release: false, timeout: 1000 });
     await ended;
     socket.destroy();
     cloud.close();
     console.log("ended");`,
    {},
    ["--experimental-websocket", "--no-warnings"],
  );
  assert.equal(code, 0, output);
  assert.equal(output, '200 {"status":"success"}\nended\n');
});

test("without any WebSocket the request is refused, and the answer names the package to install", async () => {
  const { code, output } = await app.app(
    "none.mjs",
    `delete globalThis.WebSocket;
     ${SILENT_CLOUD}
     ${SERVER}
     await server.close({ release: false, timeout: 1000 });
     cloud.close();`,
  );
  assert.equal(code, 0, output);
  assert.match(output, /^502 .*npm install ws/);
});
