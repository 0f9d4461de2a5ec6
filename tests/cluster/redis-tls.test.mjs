/** The store on Redis with TLS and a password, which the connections of the store inherit from the app's client. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { libraryOf } from "../../pkg-template/src/cluster/redis/clients.js";
import { RedisStore } from "../../pkg-template/src/cluster/redis/store.js";
import { CLIENTS } from "./clients.mjs";
import { RedisServer, freePorts, hasTls } from "./redis-server.mjs";
import { hears, INSTANCE, open, PATIENT, works } from "./redis-stores.mjs";
import { testStore } from "./store-contract.mjs";

const WORD = "word";

describe("TLS and a password", { skip: !hasTls() && "this server has no TLS" }, () => {
  /** @type {RedisServer} */
  let server;
  let port = 0;
  let folder = "";
  /** @type {Buffer} */
  let ca;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "tpa-redis-tls-"));
    const [key, certificate] = ["key.pem", "certificate.pem"].map((name) => join(folder, name));
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
    const kind = [
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:prime256v1",
      "-nodes",
      "-days",
      "1",
    ];
    const files = ["-keyout", `${key}`, "-out", `${certificate}`];
    execFileSync("openssl", ["req", ...kind, ...subject, ...files], { stdio: "ignore" });
    ca = readFileSync(`${certificate}`);
    [port = 0] = await freePorts(1);
    const tls = ["--tls-port", `${port}`, "--tls-cert-file", `${certificate}`, "--tls-key-file", `${key}`];
    server = await RedisServer.start(...tls, "--tls-auth-clients", "no");
    // Its own commands of the tests come by the port without TLS, as another user.
    await server.ask("ACL", "SETUSER", "app", "on", `>${WORD}`, "~*", "&*", "+@all");
    await server.ask("ACL", "SETUSER", "default", "resetkeys", "-@all", "+acl", "+ping");
  });
  after(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const { name, single } of CLIENTS) {
    const isNode = name.startsWith("redis");
    const client = (/** @type {string} */ password) => {
      const tls = { ca, servername: "localhost" };
      const socket = { host: "127.0.0.1", port, tls: true, ...tls };
      const options = isNode ? { url: undefined, socket } : { tls };
      return single(port, { ...options, username: "app", password });
    };

    testStore(name, (opening) => new RedisStore(libraryOf(client(WORD)), "tpa:tls", opening, PATIENT));

    test(`${name}: messages arrive`, async (t) => {
      const { store } = open(t, client(WORD));
      /** @type {string[]} */
      const received = [];
      await store.subscribe(
        INSTANCE,
        (message) => received.push(message),
        () => {},
      );
      await works(store);
      await hears(store, received);
    });

    test(`${name}: a wrong password is an error that does not contain it`, async (t) => {
      const { store, warnings } = open(t, client("secret-of-the-app"));
      await assert.rejects(store.beat(INSTANCE, "x"), /^Error: redis: /);
      assert.ok(warnings.length > 0);
      assert.doesNotMatch(warnings.join("\n"), /secret-of-the-app/);
    });
  }
});
