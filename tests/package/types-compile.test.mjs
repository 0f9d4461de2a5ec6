/** Types of the package: they resolve and compile in every module mode. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { ROOT } from "../support/paths.mjs";
import { project } from "./support.mjs";

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
      const flags = ["--strict", "--exactOptionalPropertyTypes", "--noEmit", "--skipDefaultLibCheck"];
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
