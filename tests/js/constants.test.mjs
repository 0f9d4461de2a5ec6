/** Rules that the package and the core both have; `tests/constants.rs` reads the same table. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import { isLoopback } from "../../pkg-template/src/server/allowed-hosts.js";

const table = JSON.parse(await readFile(new URL("../loopback.json", import.meta.url), "utf8"));

test("a loopback host is recognized as in the core", () => {
  for (const [where, urls] of Object.entries(table)) {
    for (const url of urls) assert.equal(isLoopback(new URL(url)), where === "same machine", url);
  }
});
