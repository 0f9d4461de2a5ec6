/** Minimal cloud that cuts connections on request, and serves the page of this benchmark. */
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { WebSocketServer } from "ws";

/** @param {Record<string, string>} files by path */
export async function start(files) {
  const server = createServer(async ({ url = "/" }, response) => {
    const file = files[url];
    response.setHeader("content-type", file?.endsWith(".js") ? "text/javascript" : "text/html");
    response.end(file === undefined ? "<!doctype html>" : await readFile(file));
  });
  new WebSocketServer({ server }).on("connection", (socket) => {
    socket.on("error", () => {});
    socket.on("message", (data) => {
      const { type } = JSON.parse(String(data));
      if (type === "tpa_connection_init") socket.send('{"type":"tpa_connection_ack","settings":[]}');
      if (type === "cut_me") socket.terminate();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return { page: `http://127.0.0.1:${port}/`, socket: `ws://127.0.0.1:${port}/`, stop: () => server.close() };
}

export const here = (/** @type {string} */ name) => join(dirname(fileURLToPath(import.meta.url)), name);
