/** The rules of the program that the native one has too: access and options. */
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

export const parseConfig = (text) => JSON.parse(glue().readConfigFile(text));

export const unknownScenario = (error) => glue().unknownScenario(error);

export const isBuiltin = (name) => glue().isBuiltin(name);
