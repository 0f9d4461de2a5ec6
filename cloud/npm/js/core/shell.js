/** The rules of the program that the native one has too: access and options. */
import builtIn from "package:scenarios";
import { parse } from "smol-toml";

import { glue } from "./instance.js";

/** Numbers of the scopes in the bindings. */
const SCOPES = { file: 0, socket: 1, control: 2 };

export class Access {
  #wasm;

  /**
   * @param {string} address
   * @param {string | undefined} token
   * @param {string | undefined} publicUrl
   * @param {string[]} origins
   */
  constructor(address, token, publicUrl, origins) {
    this.#wasm = new (glue().WasmAccess)(address, token, publicUrl, origins.join(" "));
  }

  /**
   * @param {keyof typeof SCOPES} scope
   * @param {string} peer
   * @param {Record<string, string | undefined>} head
   */
  check(scope, peer, head) {
    return JSON.parse(this.#wasm.check(SCOPES[scope], peer, JSON.stringify(head)));
  }
}

export const checkOption = (/** @type {string} */ option, /** @type {string} */ text) =>
  glue().checkOption(option, text);

export const checkIntervals = (/** @type {string} */ pingInterval, /** @type {string} */ staleAfter) =>
  glue().checkIntervals(pingInterval, staleAfter);

export const milliseconds = (/** @type {string} */ text) => glue().milliseconds(text);

/** @param {string} text */
export function readMount(text) {
  const [path, dir] = glue().readMount(text);
  return { path, dir };
}

/** Options in a configuration file, with their values as words of the command line. */
export const parseConfig = (/** @type {string} */ text) =>
  Object.entries(parse(text)).map(([name, value]) => ({ name, values: wordsOf(value) }));

/**
 * @param {unknown} value
 * @returns {string[] | null}
 */
function wordsOf(value) {
  if (!Array.isArray(value))
    return ["string", "number", "boolean"].includes(typeof value) ? [String(value)] : null;
  const words = value.map(wordsOf);
  return words.includes(null) ? null : /** @type {string[][]} */ (words).flat();
}

const names = builtIn.map(({ name }) => name);

export const isBuiltin = (/** @type {string} */ name) => names.includes(name);

export const unknownScenario = (/** @type {string} */ error) =>
  `no such file (${error}); expected a file or one of ${names.join(", ")}`;
