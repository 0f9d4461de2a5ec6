/** `tpa-cloud`: local AugmentOS/MentraOS Cloud. */
import { shell } from "package:core";

import { Server } from "../server/server.js";
import { Exit, readArguments, usageError } from "./arguments.js";
import { readConfigFile } from "./config-file.js";
import { levelOf, Log } from "./log.js";
import { readScenario } from "./scenario-file.js";

const { checkIntervals, checkOption, milliseconds, parseConfig, readMount } = shell;

/** Options whose values are passed to the cloud: text, numbers and flags, by their names there. */
const TEXTS = {
  "api-key": "apiKey",
  "ping-interval": "pingInterval",
  "stale-after": "staleAfter",
  "restart-app-after": "restartAppAfter",
  restart: "restart",
  "start-timeout": "startTimeout",
  "old-connection": "oldConnection",
  "stream-interval": "streamInterval",
  "audio-interval": "audioInterval",
  "handshake-timeout": "handshakeTimeout",
  "close-timeout": "closeTimeout",
};
const NUMBERS = {
  "max-frame": "maxFrame",
  "max-connections": "maxConnections",
  "max-send-buffer": "maxSendBuffer",
  "shutdown-code": "shutdownCode",
};

/** Order of the sources, for options that exclude each other. */
const RANKS = { "command line": 3, environment: 2, file: 1, default: 0 };

/**
 * @typedef {import("./arguments.js").Given} Given
 * @typedef {import("../../types/index.d.ts").NamedScenario} NamedScenario
 */

/** Reads the options. Throws an {@link Exit}. */
function readOptions() {
  /** @type {Map<string, NamedScenario | undefined>} */
  const scenarios = new Map();
  const check = (/** @type {string} */ option, /** @type {string} */ value) => {
    if (option === "scenario") scenarios.set(value, readScenario(value));
    else checkOption(option, value);
  };
  const words = process.argv.slice(2);
  const file = readConfigFile(words, process.env, check, parseConfig);
  const options = readArguments(words, process.env, file, check);
  const text = (/** @type {string} */ name) => options.get(name)?.values.at(-1);
  try {
    checkIntervals(text("ping-interval") ?? "", text("stale-after") ?? "");
  } catch (problem) {
    throw usageError(/** @type {Error} */ (problem).message);
  }
  return configOf(options, scenarios);
}

/**
 * The request for the scenario or the seed, the one with the higher precedence.
 *
 * @param {Map<string, Given>} options
 * @param {string | undefined} name Of the scenario.
 */
function planOf(options, name) {
  const rank = (/** @type {string} */ option) => RANKS[options.get(option)?.source ?? "default"];
  const seed = options.get("seed")?.values.at(-1);
  if (seed !== undefined && (name === undefined || rank("seed") > rank("scenario"))) {
    // As text, because a number of JavaScript has fewer digits.
    return `{"seed":${BigInt(seed)}}`;
  }
  return name === undefined ? undefined : JSON.stringify({ name });
}

/**
 * @param {Map<string, Given>} options
 * @param {Map<string, NamedScenario | undefined>} scenarios Files by what was given.
 * @returns {import("../server/server.js").ServerConfig}
 */
function configOf(options, scenarios) {
  const values = (/** @type {string} */ name) => options.get(name)?.values ?? [];
  const text = (/** @type {string} */ name) => values(name).at(-1) ?? "";
  const optional = (/** @type {string} */ name) => values(name).at(-1);
  const given = optional("scenario");
  const scenario = given === undefined ? undefined : scenarios.get(given);
  const [, host = "", port = "0"] = /^(.*):(\d+)$/.exec(text("listen")) ?? [];
  /** @type {Record<string, unknown>} */
  const cloud = {
    pong: text("no-pong") !== "true",
    strictSessions: text("strict-sessions") === "true",
    userSessions: values("user-session"),
    scenarios: scenario === undefined ? [] : [scenario],
  };
  for (const [name, field] of Object.entries(TEXTS)) cloud[field] = text(name);
  for (const [name, field] of Object.entries(NUMBERS)) cloud[field] = Number(text(name));
  return {
    listen: { host: host.replace(/^\[(.*)\]$/, "$1"), port: Number(port) },
    serve: values("serve").map(readMount),
    play: planOf(options, scenario?.name ?? given),
    token: optional("token"),
    publicUrl: optional("public-url")?.replace(/\/+$/, ""),
    allowOrigins: values("allow-origin"),
    handshakeTimeoutMs: milliseconds(text("handshake-timeout")),
    maxFrame: Number(text("max-frame")),
    maxConnections: Number(text("max-connections")),
    maxSendBuffer: Number(text("max-send-buffer")),
    cloud,
  };
}

/** Waits for ctrl-c or SIGTERM. */
function untilStopped() {
  /** @type {Promise<void>} */
  const stopped = new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => resolve());
  });
  return stopped;
}

/**
 * Runs the server. Returns the code to exit with.
 *
 * @param {import("../server/server.js").ServerConfig} config
 * @param {Log} log
 */
async function serve(config, log) {
  // Before the first line, so that a program that reads it can stop this one.
  const stopped = untilStopped();
  let server;
  try {
    server = await Server.start(config, log);
  } catch (error) {
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
    const { host, port } = config.listen;
    const inUse = `${host}:${port} is in use; is another tpa-cloud running?`;
    log.line(`tpa-cloud: ${code === "EADDRINUSE" ? inUse : message}`);
    return 1;
  }
  if (server.token !== undefined && config.token === undefined) {
    // Whatever the level of the log.
    log.line(`tpa-cloud: control requests need the token ${server.token}`);
  }
  // Standard output has one line, for programs that start this one. It may be closed.
  process.stdout.on("error", () => {});
  process.stdout.write(`tpa-cloud listening on http://${server.address}\n`);
  await stopped;
  log.add("info", `shutting down sockets=${server.driver.socketCount}`);
  await server.shutDown();
  return 0;
}

/**
 * Prints an error of the command line, or the help. Nobody may read it.
 *
 * @param {Exit} exit
 */
async function print({ message, code }) {
  const to = code === 0 ? process.stdout : process.stderr;
  to.on("error", () => {});
  await new Promise((resolve) => to.write(message, resolve));
  return code;
}

/** Runs the program. Returns the code to exit with. */
export async function main() {
  let config;
  try {
    config = readOptions();
  } catch (error) {
    if (error instanceof Exit) return print(error);
    throw error;
  }
  const log = new Log(process.stderr, levelOf(process.env.RUST_LOG));
  // An error in one request or connection must not end the others.
  process.on("uncaughtException", (error) => log.add("error", `internal error ${error.stack ?? error}`));
  const code = await serve(config, log);
  await log.flush();
  return code;
}
