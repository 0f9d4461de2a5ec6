/** Scenario files in TOML. */
import { parse } from "smol-toml";

import { glue } from "./instance.js";

/**
 * Reads a scenario file, as an object for the option `scenarios`. Throws a `TypeError` that names the
 * step and the field.
 *
 * @param {string} name
 * @param {string} text
 */
export function readToml(name, text) {
  let fields;
  try {
    fields = parse(text);
  } catch (cause) {
    throw new TypeError(/** @type {Error} */ (cause).message, { cause });
  }
  const scenario = { ...fields, name };
  glue().checkScenarios(JSON.stringify([scenario]));
  return scenario;
}
