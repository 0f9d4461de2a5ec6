/**
 * An app whose client has no listener for errors, with a store on it. Writes a line for each state, and
 * ends when its input does.
 *
 *     node redis-client.mjs LIBRARY PORT
 */
import { libraryOf } from "../../pkg-template/src/cluster/redis/clients.js";
import { RedisStore } from "../../pkg-template/src/cluster/redis/store.js";
import { until } from "../support/until.mjs";
import { CLIENTS } from "./clients.mjs";

const [library, port] = process.argv.slice(2);
const client = CLIENTS.find(({ name }) => name === library)?.single(Number(port));
const store = new RedisStore(libraryOf(client), "tpa:app", { warn: () => {} });
await client.connect();
await store.subscribe(
  "app.1",
  () => {},
  () => {},
);
const answers = () =>
  store.beat("app.1", "x").then(
    () => true,
    () => false,
  );
console.log((await answers()) ? "connected" : "failed");
await until("a server that is away", async () => !(await answers()));
console.log("away");
await until("a server that is back", answers);
// One of node-redis that is closed while it connects stays connected.
await until("a client that is back", () => client.isReady ?? client.status === "ready");
console.log("back");
process.stdin.resume().on("end", async () => {
  await store.close();
  await (client.close ?? client.quit).call(client);
});
