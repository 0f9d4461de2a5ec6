/** The store on Redis with the rights of a user. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { libraryOf } from "../../pkg-template/src/cluster/redis/clients.js";
import { rights } from "../../pkg-template/src/cluster/redis/errors.js";
import { RedisStore } from "../../pkg-template/src/cluster/redis/store.js";
import { ROOT } from "../support/paths.mjs";
import { CLIENTS } from "./clients.mjs";
import { RedisServer } from "./redis-server.mjs";
import { INSTANCE, open, PATIENT } from "./redis-stores.mjs";
import { testStore } from "./store-contract.mjs";

describe("rights", () => {
  /** @type {RedisServer} */
  let server;
  before(async () => (server = await RedisServer.start()));
  after(() => server.stop());

  /** @param {string} user @param {string} allowed */
  const allow = (user, allowed) =>
    server.ask("ACL", "SETUSER", user, "reset", "on", ">word", ...allowed.split(" "));

  for (const { name, single } of CLIENTS) {
    /** @param {string} username */
    const as = (username) => single(server.port, { username, password: "word" });

    before(() => allow("exact", rights("{tpa:")));
    testStore(`${name}, exactly these rights`, (opening) => {
      const warn = (/** @type {string} */ text) => assert.fail(text);
      return new RedisStore(libraryOf(as("exact")), "tpa:rights", { ...opening, warn }, PATIENT);
    });

    test(`${name}: an error names the rights that are missing`, async (t) => {
      await allow("nothing", "+ping");
      const { store, warnings } = open(t, as("nothing"));
      await assert.rejects(store.beat(INSTANCE, "x"), (/** @type {Error} */ { message }) => {
        assert.match(
          message,
          /^redis: a right is missing \(NOPERM.*eval.*\); allow it with: ACL SETUSER NAME /i,
        );
        return message.endsWith(rights("{tpa:"));
      });
      assert.equal(warnings.filter((text) => /a right is missing/.test(text)).length >= 1, true);
    });

    test(`${name}: an error names the channels that are missing`, async (t) => {
      await allow("deaf", rights("{tpa:").replace(/&\S+ /, ""));
      const { store } = open(t, as("deaf"));
      await store.beat(INSTANCE, "x");
      await assert.rejects(
        store.subscribe(
          INSTANCE,
          () => {},
          () => {},
        ),
        /redis: a right is missing.*channel.* &\{tpa:\* /,
      );
      assert.equal(store.isDeaf, true);
    });
  }
});

test("the documentation names these rights", () => {
  const page = readFileSync(join(ROOT, "docs/production.md"), "utf8");
  assert.ok(page.includes(`\nACL SETUSER app on >password ${rights("{tpa:")}\n`));
});
