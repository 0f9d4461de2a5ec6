/**
 * Start-up times, ms: import, event `connecting`, and first connection attempt.
 *
 *     node start.mjs MODULE URL
 *
 * A module without `connect` is only imported.
 */
import { Socket } from "node:net";

const [module = "", url = ""] = process.argv.slice(2);
const { connect: dial } = Socket.prototype;
/** @type {Promise<number>} */
const dialled = new Promise((resolve) => {
  Socket.prototype.connect = function (/** @type {any[]} */ ...args) {
    resolve(performance.now());
    Socket.prototype.connect = dial;
    return Reflect.apply(dial, this, args);
  };
});

const began = performance.now();
/** @type {{ connect?: import("../types.js").Connect }} */
const { connect } = await import(module);
/** @type {{ imported: number, connecting?: number, dialled?: number }} */
const times = { imported: performance.now() - began };
if (connect !== undefined) {
  const onConnecting = () => {
    times.connecting = performance.now() - began;
  };
  connect(url, { handlers: [["transcription", () => {}]], onConnected: () => {}, onConnecting });
  const constructed = performance.now() - began;
  times.dialled = (await dialled) - began;
  // A client without this event connects on construction.
  times.connecting ??= Math.min(constructed, times.dialled);
}
process.stdout.write(JSON.stringify(times));
process.exit();
