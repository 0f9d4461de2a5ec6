/** Reasons of dials that fail, in each runtime. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createTcpServer } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";

import { project } from "../package/support.mjs";
import { BUILD_MS } from "../support/timeouts.mjs";
import { here, tool } from "./support.mjs";

const NODE = {
  refused: /ECONNREFUSED/,
  "unknown host": /ENOTFOUND|EAI_AGAIN/,
  "no TLS": /EPROTO|wrong version number|SSL/i,
  401: /401/,
  404: /404/,
  redirect: /302/,
};
const DENO = { refused: /connect/, "unknown host": /dns/, "no TLS": /corrupt|tls|alert|connect/i };

/** @type {Record<string, { program: string, args?: string[], ws?: boolean, told: Record<string, RegExp> }>} */
const RUNTIMES = {
  "Node with ws": { program: process.execPath, ws: true, told: NODE },
  "Node 22 with ws": { program: tool("node-22/bin/node"), ws: true, told: NODE },
  "Node 22": { program: tool("node-22/bin/node"), told: NODE },
  "Node 24": { program: tool("node-24/bin/node"), told: NODE },
  Bun: { program: tool("@oven/bun-linux-x64/bin/bun"), told: { ...NODE, "no TLS": /TLS|connect/i } },
  Deno: {
    program: tool("@deno/linux-x64-glibc/deno"),
    args: ["run", "--allow-all"],
    told: { ...NODE, ...DENO },
  },
};

/** Starts a server; returns its port. @param {import("node:net").Server} server */
async function listen(server) {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return port;
}

/** Answers an upgrade with a status. @param {string} status @param {string} [header] */
const answering = (status, header = "") =>
  createServer().on("upgrade", (request, socket) =>
    socket.end(`HTTP/1.1 ${status}\r\n${header}content-length: 0\r\n\r\n`),
  );

describe("dial errors", () => {
  /** @type {Record<string, ReturnType<typeof project>>} */
  const places = {};
  const servers = {
    401: answering("401 Unauthorized"),
    404: answering("404 Not Found"),
    redirect: answering("302 Found", "location: /elsewhere\r\n"),
    "no TLS": createTcpServer((socket) => socket.on("error", () => {}).end("this is not TLS\r\n")),
  };
  /** @type {Record<string, string>} */
  const dials = { "unknown host": "ws://no-such-host.invalid/" };

  before(async () => {
    for (const ws of [true, false]) {
      places[String(ws)] = project({ ws });
      copyFileSync(
        join(here, "fixtures/dial-errors.mjs"),
        join(places[String(ws)].folder, "dial-errors.mjs"),
      );
    }
    for (const [name, server] of Object.entries(servers)) {
      dials[name] = `${name === "no TLS" ? "wss" : "ws"}://127.0.0.1:${await listen(server)}/`;
    }
    const gone = createTcpServer();
    dials.refused = `ws://127.0.0.1:${await listen(gone)}/`;
    gone.close();
  });

  after(() => {
    for (const place of Object.values(places)) place.remove();
    for (const server of Object.values(servers)) server.close();
  });

  for (const [name, { program, args = [], ws = false, told }] of Object.entries(RUNTIMES)) {
    test(name, { skip: existsSync(program) ? false : "not for this platform" }, async () => {
      const { stdout } = await promisify(execFile)(program, [...args, "dial-errors.mjs"], {
        cwd: places[String(ws)].folder,
        env: { ...process.env, DIALS: JSON.stringify(dials) },
        timeout: BUILD_MS,
      });
      for (const [dial, { code, reason, rejection, warning }] of Object.entries(JSON.parse(stdout))) {
        const what = `${dial}: ${reason}`;
        assert.equal(code, 1006, what);
        assert.match(reason, told[dial], what);
        assert.ok(rejection.includes(reason), rejection);
        assert.ok(warning.includes(reason), warning);
      }
    });
  }
});
