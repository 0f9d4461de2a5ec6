/** The session of the platform's Node SDK, without its logs. */
import { createRequire } from "node:module";
import { Writable } from "node:stream";

const require = createRequire(import.meta.url);
/** The SDK's types. */
export const types = require.resolve("@mentra/sdk").replace(/js$/, "d.ts");

// What it writes to the output gets into the middle of what the test runner's processes tell one
// another there, and then the runner now and then understands neither.
for (const level of ["debug", "error", "info", "log", "warn"]) console[level] = () => {};
const pino = createRequire(types)("pino");
pino.transport = () => new Writable({ write: (_line, _encoding, written) => written() });

export const { TpaSession } = await import("@mentra/sdk");

/** What its sessions log to: the logger of its server. */
const LEVELS = ["trace", "debug", "info", "warn", "error", "fatal"];
export const silent = {
  ...Object.fromEntries(LEVELS.map((level) => [level, () => {}])),
  child: () => silent,
};
