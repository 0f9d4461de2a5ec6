/** The rules of the program that the native one has too: access and options. */
import builtIn from "package:scenarios";
import { parse } from "smol-toml";

import { glue } from "./instance.js";

/** Numbers of the scopes in the bindings. */
const SCOPES = { file: 0, socket: 1, control: 2 };

export class Access {
  #wasm;

  constructor(address, token, publicUrl) {
    this.#wasm = new (glue().WasmAccess)(address, token, publicUrl);
  }

  check(scope, peer, head) {
    return JSON.parse(this.#wasm.check(SCOPES[scope], peer, JSON.stringify(head)));
  }
}

export const checkOption = (option, text) => glue().checkOption(option, text);

export const checkIntervals = (pingInterval, staleAfter) => glue().checkIntervals(pingInterval, staleAfter);

export const milliseconds = (text) => glue().milliseconds(text);

export function readMount(text) {
  const [path, dir] = glue().readMount(text);
  return { path, dir };
}

/** Options in a configuration file, with their values as words of the command line. */
export const parseConfig = (text) =>
  Object.entries(parse(text)).map(([name, value]) => ({ name, values: wordsOf(value) }));

function wordsOf(value) {
  if (!Array.isArray(value))
    return ["string", "number", "boolean"].includes(typeof value) ? [String(value)] : null;
  const words = value.map(wordsOf);
  return words.includes(null) ? null : words.flat();
}

const names = builtIn.map(({ name }) => name);

export const isBuiltin = (name) => names.includes(name);

export const unknownScenario = (error) =>
  `no such file (${error}); expected a file or one of ${names.join(", ")}`;
