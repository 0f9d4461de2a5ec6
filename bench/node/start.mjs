/**
 * From nothing to the first dial, ms: the import, `connecting`, and the first connection that is
 * tried.
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
const times = { imported: performance.now() - began };
if (connect !== undefined) {
  const onConnecting = () => (times.connecting = performance.now() - began);
  connect(url, { stream: "transcription", onData: () => {}, onConnected: () => {}, onConnecting });
  const constructed = performance.now() - began;
  times.dialled = (await dialled) - began;
  // Who has no such event connects while it is made.
  times.connecting ??= Math.min(constructed, times.dialled);
}
process.stdout.write(JSON.stringify(times));
process.exit();
