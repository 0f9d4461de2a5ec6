/** Scenarios on the command line: names and files. */
import { readFileSync } from "node:fs";
import { extname, parse } from "node:path";

import { Cloud, readToml, shell } from "package:core";

import { systemError } from "./system-error.js";

/** @typedef {import("../../types/index.d.ts").NamedScenario} NamedScenario */

/**
 * Reads a scenario file; undefined for the name of a built-in scenario. Throws the problem with it.
 *
 * @param {string} given
 * @returns {NamedScenario | undefined}
 */
export function readScenario(given) {
  if (shell.isBuiltin(given)) return undefined;
  let text;
  try {
    text = readFileSync(given, "utf8");
  } catch (error) {
    throw new Error(shell.unknownScenario(systemError(error)));
  }
  const { name } = parse(given);
  if (extname(given) !== ".json") return readToml(name, text);
  const scenario = { ...JSON.parse(text), name };
  new Cloud({ scenarios: [scenario] }, 0, 0).free();
  return scenario;
}
