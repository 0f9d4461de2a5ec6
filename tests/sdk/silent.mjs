/** What the SDK's sessions log to: the logger of its server, which is of the package `pino`. */
const LEVELS = ["trace", "debug", "info", "warn", "error", "fatal"];

export const silent = {
  ...Object.fromEntries(LEVELS.map((level) => [level, () => {}])),
  child: () => silent,
};
