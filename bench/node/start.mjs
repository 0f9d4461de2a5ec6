/**
 * From nothing to the first dial, ms: import, construct, and the first connection that is tried.
 *
 *     node start.mjs MODULE URL
 *
 * A module that connects to nothing is only imported.
 */
import { Socket } from "node:net";

const [module, url] = process.argv.slice(2);
const { connect: dial } = Socket.prototype;
const dialled = new Promise((resolve) => {
  Socket.prototype.connect = function (...args) {
    resolve(performance.now());
    Socket.prototype.connect = dial;
    return dial.apply(this, args);
  };
});

const began = performance.now();
const { connect } = await import(module);
const imported = performance.now() - began;
let first = imported;
if (connect !== undefined) {
  connect(url, { stream: "transcription", onData: () => {}, onConnected: () => {} });
  first = (await dialled) - began;
}
process.stdout.write(JSON.stringify({ imported, first }));
process.exit();
