/** Types of the package: they match its classes and resolve in every module mode. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { library } from "../types/members.mjs";
import { FullSession, TpaConnectionError, TpaRequestError, TpaSession } from "./peer.mjs";
import { PACKAGE, ROOT } from "../support/paths.mjs";
import { project } from "./support.mjs";

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

test("the types compile for ES modules and CommonJS in every resolution mode", () => {
  const { folder, remove } = project({ ws: false });
  try {
    cpSync(join(ROOT, "node_modules/expect-type"), join(folder, "node_modules/expect-type"), {
      recursive: true,
    });
    const files = [];
    for (const name of ["vocabulary", "full", "server"]) {
      const source = readFileSync(join(ROOT, `tests/types/${name}.ts`), "utf8");
      const app = source
        .replaceAll('"../../pkg-template/types/index.js"', '"tpa-session"')
        .replace('"../../pkg-template/types/full.js"', '"tpa-session/full"')
        .replaceAll('"../../pkg-template/types/server.js"', '"tpa-session/server"');
      assert.doesNotMatch(app, /pkg-template/);
      for (const kind of ["mts", "cts"]) writeFileSync(join(folder, `${name}.${kind}`), app);
      files.push(`${name}.mts`, `${name}.cts`);
    }
    for (const [module, resolution] of [
      ["node16", "node16"],
      ["nodenext", "nodenext"],
      ["esnext", "bundler"],
    ]) {
      const flags = ["--strict", "--exactOptionalPropertyTypes", "--noEmit", "--skipLibCheck", "false"];
      const target = ["--target", "es2022", "--lib", "esnext,dom"];
      const how = ["--module", module, "--moduleResolution", resolution];
      const { status, stdout } = spawnSync(
        process.execPath,
        [join(ROOT, "node_modules/typescript/bin/tsc"), ...flags, ...target, ...how, ...files],
        { cwd: folder, encoding: "utf8" },
      );
      assert.equal(status, 0, `${resolution}: ${stdout}`);
    }
  } finally {
    remove();
  }
});
