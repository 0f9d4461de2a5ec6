/** The configuration file, whose values replace the defaults of the options. */
import { readFileSync } from "node:fs";

import { optionNamed, readArguments, usageError } from "./arguments.js";
import { escapeLine } from "./escape.js";
import { systemError } from "./system-error.js";

const OPTION = "config";
const VARIABLE = "TPA_CLOUD_CONFIG";

/**
 * The path of the file, which must be known before the options are read.
 *
 * @param {string[]} words
 * @param {Record<string, string | undefined>} environment
 */
function pathOf(words, environment) {
  for (const [index, word] of words.entries()) {
    if (word === `--${OPTION}`) return words[index + 1] ?? environment[VARIABLE];
    if (word.startsWith(`--${OPTION}=`)) return word.slice(OPTION.length + 3);
  }
  return environment[VARIABLE];
}

/**
 * @param {() => string} read
 * @param {(problem: string) => Error} invalid
 */
function orInvalid(read, invalid) {
  try {
    return read();
  } catch (error) {
    throw invalid(systemError(error));
  }
}

/**
 * Reads the file, if there is one: the values of each option that it sets.
 *
 * @param {string[]} words
 * @param {Record<string, string | undefined>} environment
 * @param {import("./arguments.js").Check} check
 * @param {(text: string) => { name: string, values: string[] | null }[]} parse
 * @returns {Map<string, string[]>}
 */
export function readConfigFile(words, environment, check, parse) {
  /** @type {Map<string, string[]>} */
  const values = new Map();
  const path = pathOf(words, environment);
  if (path === undefined) return values;
  const invalid = (/** @type {string} */ problem) => usageError(`${escapeLine(path)}: ${problem}`);
  const text = orInvalid(() => readFileSync(path, "utf8"), invalid);
  /** @type {ReturnType<typeof parse>} */
  let options;
  try {
    options = parse(text);
  } catch (error) {
    throw invalid(/** @type {Error} */ (error).message);
  }
  for (const { name, values: list } of options) {
    const key = escapeLine(name);
    const option = optionNamed(key);
    if (option === undefined || key === OPTION) {
      throw invalid(`unknown option \`${key}\`; expected a long option without --, see --help`);
    }
    if (list === null) {
      throw invalid(`\`${key}\` must be a string, a number, a boolean or a list of them`);
    }
    try {
      // Read alone first, so that the error can name the file.
      readArguments(
        list.map((value) => `--${key}=${value}`),
        environment,
        values,
        check,
      );
    } catch (error) {
      throw invalid(/** @type {Error} */ (error).message);
    }
    values.set(
      key,
      option.delimiter === null ? list : list.flatMap((value) => value.split(option.delimiter ?? "")),
    );
  }
  return values;
}
