/**
 * Runs a client through an outage and prints its connection attempts, its connections and its final
 * event, with their times.
 *
 *     node follow.mjs MODULE URL
 */
import { Socket } from "node:net";

import { now } from "../clock.mjs";

const [module = "", url = ""] = process.argv.slice(2);
const print = (/** @type {string} */ kind) =>
  process.stdout.write(`${JSON.stringify({ kind, at: now() })}\n`);
/** @type {{ connect: import("../types.js").Connect }} */
const { connect } = await import(module);
const { connect: dial } = Socket.prototype;
Socket.prototype.connect = function (/** @type {any[]} */ ...args) {
  print("dial");
  return Reflect.apply(dial, this, args);
};
connect(url, {
  handlers: [["transcription", () => {}]],
  reconnects: true,
  onConnected: () => print("connected"),
  onPermanent: () => print("permanent"),
});
// Keeps the process alive after the client has given up.
setInterval(() => {}, 1000);
