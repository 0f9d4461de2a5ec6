/** Types of the package: they match its classes. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";

import { library } from "../types/members.mjs";
import { FullSession, TpaConnectionError, TpaRequestError, TpaSession } from "./peer.mjs";
import { PACKAGE } from "../support/paths.mjs";

const main = library(join(PACKAGE, "index.d.ts"));
const full = library(join(PACKAGE, "full.d.ts"));

/** Members that the bindings require. */
const OURS = /^(constructor|free|__.*)$/;

/** Returns all members of an object and its class. */
function members(object) {
  const names = new Set();
  for (let at = object; at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const name of Object.getOwnPropertyNames(at)) if (!OURS.test(name)) names.add(name);
  }
  return [...names].sort();
}

const OPTIONS = { packageName: "system.augmentos.dashboard", apiKey: "k" };
const PARTS = ["", "events", "layouts", "dashboard", "dashboard.content", "dashboard.system", "settings"];
const GLASSES = ["camera", "audio", "location", "led", "device", "device.state", "device.state.connected"];

for (const [entry, types, Session, paths] of [
  ["tpa-session", main, TpaSession, PARTS],
  ["tpa-session/full", full, FullSession, [...PARTS, ...GLASSES]],
]) {
  const session = new Session(OPTIONS);
  for (const path of paths) {
    test(`${entry}: session${path && `.${path}`} has what its type says, and nothing else`, () => {
      const part = path.split(".").reduce((whole, name) => (name === "" ? whole : whole[name]), session);
      const said = types.offered(types.typeOf("TpaSession"), path).map(({ name }) => name);
      assert.deepEqual(members(part), said.sort());
    });
  }
}

test("every exported class has a type, and every type a class", () => {
  const classes = { TpaConnectionError, TpaSession };
  assert.deepEqual(main.classes().sort(), Object.keys(classes).sort());
  assert.deepEqual(full.classes().sort(), Object.keys({ ...classes, TpaRequestError }).sort());
});
