/** The app in Node: with the package `ws`, or with Node's own WebSocket. */
import { run } from "./app.mjs";

const { CLOUD, ACTIVITY, SOCKETS, TPA_PKG } = process.env;
const WebSocket = SOCKETS === "ws" ? (await import("ws")).WebSocket : globalThis.WebSocket;
const { TpaSession } = await import(`${TPA_PKG}/node.js`);

process.stdin.on("end", () => process.exit()).resume();
run(TpaSession, { cloud: CLOUD, activity: ACTIVITY, WebSocket }, (event) =>
  console.log(JSON.stringify(event)),
);
