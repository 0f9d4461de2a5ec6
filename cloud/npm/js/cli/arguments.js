/**
 * The command line, read by the table that the native program writes: the same precedence, messages
 * and exit codes.
 */
import { escapeLine, escapeLines } from "./escape.js";
import table from "./options.json" with { type: "json" };

/**
 * @typedef {(typeof table.options)[number]} Option
 * @typedef {(option: string, text: string) => void} Check Throws the problem with a value.
 * @typedef {"command line" | "environment" | "file" | "default"} Source
 * @typedef {{ values: string[], source: Source }} Given
 */

/** An error of the command line, or what was asked for instead of a run. */
export class Exit extends Error {
  /**
   * @param {string} text What is printed.
   * @param {number} code
   */
  constructor(text, code) {
    super(text);
    this.code = code;
  }
}

const USAGE = "\n\nUsage: tpa-cloud [OPTIONS]";
const MORE = "\n\nFor more information, try '--help'.\n";
const FLAG_VALUES = "\n  [possible values: true, false]";

/** @param {string} text */
const failure = (text) => new Exit(escapeLines(`error: ${text}${MORE}`), 2);

/**
 * An error that is not about one value.
 *
 * @param {string} problem
 */
export const usageError = (problem) => failure(problem + USAGE);

/** @param {Option} option */
const missing = (option) =>
  failure(
    `a value is required for '${option.shown}' but none was supplied${option.isFlag ? FLAG_VALUES : ""}`,
  );

/**
 * Checks a value.
 *
 * @param {Option} option
 * @param {string} value
 * @param {Check} check
 */
function checkValue(option, value, check) {
  const invalid = `invalid value '${escapeLine(value)}' for '${option.shown}'`;
  if (option.isFlag) {
    if (value === "true" || value === "false") return;
    throw value === "" ? missing(option) : failure(invalid + FLAG_VALUES);
  }
  // Paths are not empty.
  if (value === "" && option.name === "config") throw missing(option);
  try {
    check(option.name, value);
  } catch (problem) {
    throw failure(`${invalid}: ${/** @type {Error} */ (problem).message}`);
  }
}

/**
 * Values in a text, which may contain several.
 *
 * @param {Option} option
 * @param {string} text
 */
const split = (option, text) => (option.delimiter === null ? [text] : text.split(option.delimiter));

/**
 * Help as the native program prints it, with the values in the environment and in the file.
 *
 * @param {string} help
 * @param {Record<string, string | undefined>} environment
 * @param {Map<string, string[]>} file
 */
function fill(help, environment, file) {
  let text = help;
  for (const { name, variable, isSecret, default: usual } of table.options) {
    const value = environment[variable];
    if (value !== undefined && !isSecret) {
      text = text.replace(`[env: ${variable}=]`, () => `[env: ${variable}=${value}]`);
    }
    const own = file.get(name);
    if (own === undefined || usual === null) continue;
    const start = text.indexOf(`--${name} `);
    const place = text.indexOf(`[default: ${usual}]`, start);
    const end = place + `[default: ${usual}]`.length;
    if (start >= 0 && place >= 0)
      text = `${text.slice(0, place)}[default: ${own.join(" ")}]${text.slice(end)}`;
  }
  return text;
}

/** Reads the words of a command line into the values of each option. */
class Reader {
  /** @type {Map<Option, Given>} */
  given = new Map();

  /**
   * @param {string[]} words
   * @param {Check} check
   * @param {(isLong: boolean) => string} help
   */
  constructor(words, check, help) {
    this.words = [...words];
    this.check = check;
    this.help = help;
  }

  read() {
    for (let word; (word = this.words.shift()) !== undefined;) {
      if (word.startsWith("--") && word !== "--") this.#long(word);
      else if (/^-[hV]/.test(word)) throw this.#asked(word[1] === "h" ? "-h" : "-V");
      else if (word === "--") this.#unexpected(this.words.shift());
      else this.#positional(word);
    }
    return this.given;
  }

  /** @param {string} word */
  #positional(word) {
    this.#unexpected(/^-./.test(word) ? [...word].slice(0, 2).join("") : word);
  }

  /** @param {string | undefined} argument */
  #unexpected(argument) {
    if (argument === undefined) return;
    throw usageError(`unexpected argument '${escapeLine(argument)}' found`);
  }

  /** @param {string} flag */
  #asked(flag) {
    if (flag === "-V" || flag === "--version") return new Exit(`${table.version}\n`, 0);
    return new Exit(this.help(flag === "--help"), 0);
  }

  /** @param {string} word */
  #long(word) {
    const [, name = "", , joined] = /^--([^=]*)(=([^]*))?$/.exec(word) ?? [];
    if (name === "help" || name === "version") {
      if (joined === undefined) throw this.#asked(`--${name}`);
      throw failure(
        `unexpected value '${escapeLine(joined)}' for '--${name}' found; no more were expected` +
          `\n\nUsage: tpa-cloud --${name}`,
      );
    }
    const option = table.options.find((known) => known.name === name);
    if (option === undefined) throw usageError(`unexpected argument '--${escapeLine(name)}' found`);
    const values = split(option, this.#value(option, joined));
    const before = this.given.get(option);
    if (before !== undefined && !option.isRepeated) {
      throw usageError(`the argument '${option.shown}' cannot be used multiple times`);
    }
    for (const value of values) checkValue(option, value, this.check);
    this.given.set(option, { values: [...(before?.values ?? []), ...values], source: "command line" });
  }

  /**
   * @param {Option} option
   * @param {string | undefined} joined
   */
  #value(option, joined) {
    if (joined !== undefined) return joined;
    if (option.isFlag) return "true";
    const next = this.words[0];
    // A value that begins with a hyphen must be joined.
    if (next === undefined || /^--./.test(next) || next === "--") throw missing(option);
    if (/^-./.test(next)) {
      if (/^-[hV]/.test(next)) throw missing(option);
      this.#positional(next);
    }
    return /** @type {string} */ (this.words.shift());
  }
}

/**
 * Reads the options: flags, then the environment, then the file, then the defaults.
 *
 * @param {string[]} words
 * @param {Record<string, string | undefined>} environment
 * @param {Map<string, string[]>} file
 * @param {Check} check
 * @returns {Map<string, Given>}
 */
export function readArguments(words, environment, file, check) {
  const help = (/** @type {boolean} */ isLong) =>
    fill(isLong ? table.longHelp : table.help, environment, file);
  const given = new Reader(words, check, help).read();
  /** @type {Map<string, Given>} */
  const result = new Map();
  for (const option of table.options) {
    const own = given.get(option) ?? elsewhere(option, environment, file, check);
    if (own !== undefined) result.set(option.name, own);
  }
  return result;
}

/**
 * @param {Option} option
 * @param {Record<string, string | undefined>} environment
 * @param {Map<string, string[]>} file
 * @param {Check} check
 * @returns {Given | undefined}
 */
function elsewhere(option, environment, file, check) {
  const variable = environment[option.variable];
  if (variable !== undefined) {
    const values = split(option, variable);
    for (const value of values) checkValue(option, value, check);
    return { values, source: "environment" };
  }
  const values = file.get(option.name);
  if (values !== undefined) return { values, source: "file" };
  if (option.default === null) return undefined;
  return { values: [option.default], source: "default" };
}

/** The options of a configuration file, by their long names. */
export const optionNamed = (/** @type {string} */ name) => table.options.find((known) => known.name === name);
