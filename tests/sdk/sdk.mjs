/** Session and server of the platform's Node SDK, without their logs. */
import { createRequire } from "node:module";
import { Writable } from "node:stream";

const require = createRequire(import.meta.url);
/** Types of the SDK. */
export const types = require.resolve("@mentra/sdk").replace(/js$/, "d.ts");

// Its logs on stdout would corrupt the protocol between the processes of the test runner.
for (const level of ["debug", "error", "info", "log", "warn"]) console[level] = () => {};
const pino = createRequire(types)("pino");
pino.transport = () => new Writable({ write: (_line, _encoding, written) => written() });

export const { AppServer, TpaSession } = await import("@mentra/sdk");

/** Logger of its server, used by its sessions. */
const LEVELS = ["trace", "debug", "info", "warn", "error", "fatal"];
export const silent = {
  ...Object.fromEntries(LEVELS.map((level) => [level, () => {}])),
  child: () => silent,
};
