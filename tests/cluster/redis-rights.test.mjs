/** The store on Redis with the rights of a user. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { libraryOf } from "../../pkg-template/src/cluster/redis/clients.js";
import { rights } from "../../pkg-template/src/cluster/redis/errors.js";
import { RedisStore } from "../../pkg-template/src/cluster/redis/store.js";
import { ROOT } from "../support/paths.mjs";
import { until } from "../support/until.mjs";
import { CLIENTS } from "./clients.mjs";
import { RedisCluster, RedisServer } from "./redis-server.mjs";
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

describe("rights in Redis Cluster", () => {
  /** @type {RedisCluster} */
  let nodes;
  before(async () => (nodes = await RedisCluster.start()));
  after(() => nodes.stop());

  /** @param {string} user @param {string} allowed */
  const allow = (user, allowed) =>
    Promise.all(
      nodes.servers.map((node) =>
        node.ask("ACL", "SETUSER", user, "reset", "on", ">word", ...allowed.split(" ")),
      ),
    );

  for (const { name, cluster } of CLIENTS) {
    /** @param {string} username */
    const as = (username) => cluster(nodes.ports, { username, password: "word" });

    before(() => allow("exact", rights("{tpa:", true)));
    testStore(`${name}, exactly these rights`, (opening) => {
      const warn = (/** @type {string} */ text) => assert.fail(text);
      return new RedisStore(libraryOf(as("exact")), "tpa:rights", { ...opening, warn }, PATIENT);
    });

    test(`${name}: an error names the right to find the nodes`, async (t) => {
      await allow("lost", rights("{tpa:"));
      const { store, warnings } = open(t, as("lost"));
      await assert.rejects(store.beat(INSTANCE, "x"));
      const isNamed = () => warnings.some((text) => text.endsWith(rights("{tpa:", true)));
      await until(`the warning, not ${warnings.join()}`, isNamed);
    });
  }
});

test("the documentation names these rights", () => {
  const page = readFileSync(join(ROOT, "docs/production.md"), "utf8");
  assert.ok(page.includes(`\nACL SETUSER app on >password ${rights("{tpa:")}\n`));
});
