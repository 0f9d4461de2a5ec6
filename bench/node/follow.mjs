/**
 * What a client does in an outage: each of its dials, its connections and its last word, with the
 * time.
 *
 *     node follow.mjs MODULE URL
 */
import { Socket } from "node:net";

import { now } from "../clock.mjs";

const [module, url] = process.argv.slice(2);
const tell = (what) => process.stdout.write(`${JSON.stringify({ what, at: now() })}\n`);
const { connect } = await import(module);
const { connect: dial } = Socket.prototype;
Socket.prototype.connect = function (...args) {
  tell("dial");
  return dial.apply(this, args);
};
connect(url, {
  stream: "transcription",
  onData: () => {},
  onConnected: () => tell("connected"),
  onPermanent: () => tell("permanent"),
});
// A client that has given up keeps nothing alive.
setInterval(() => {}, 1000);
