/** The checks that the ecosystem has for packages: publint and "are the types wrong?". */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";

import { PACKAGE } from "../support/paths.mjs";
import { pack } from "./support.mjs";

let folder;
let tarball;

before(() => {
  folder = mkdtempSync(join(tmpdir(), "tpa-session-ecosystem-"));
  ({ tarball } = pack(folder));
});
after(() => rmSync(folder, { recursive: true, force: true }));

test("publint finds nothing", async () => {
  const { messages } = await publint({ pkgDir: PACKAGE, strict: true });
  assert.deepEqual(messages, []);
});

test("no importer gets wrong types", async () => {
  const manifest = JSON.parse(readFileSync(join(PACKAGE, "package.json"), "utf8"));
  const entrypoints = Object.keys(manifest.exports);
  const { types, problems } = await checkPackage(
    createPackageFromTarballData(new Uint8Array(readFileSync(tarball))),
    { entrypoints },
  );
  assert.equal(types.kind, "included");
  assert.deepEqual(problems, []);
});
