/** The store for the workers of `node:cluster`, in processes of its own. */
import assert from "node:assert/strict";
import cluster from "node:cluster";
import { once } from "node:events";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

import { nodeCluster, openStore, serveWorkers } from "../../pkg-template/src/cluster/node-cluster.js";
import { until } from "../support/until.mjs";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const SUCCESS = { status: 200, body: { status: "success" } };
const end = serveWorkers(cluster);
after(end);

/** Starts a worker that has a server. */
async function fork(t) {
  cluster.setupPrimary({ exec: here("node-cluster-worker.mjs"), args: [], execArgv: [] });
  const worker = cluster.fork();
  t.after(() => worker.process.kill("SIGKILL"));
  let next = 1;
  const answers = new Map();
  worker.on("message", ({ answerTo, value }) => answers.get(answerTo)?.(value));
  const ask = (command, argument) => {
    const id = next++;
    return new Promise((resolve) => {
      answers.set(id, resolve);
      worker.send({ command, id, argument });
    });
  };
  await new Promise((resolve) => worker.on("message", ({ isReady }) => isReady && resolve()));
  return { worker, ask };
}

test("the contract of stores, in a worker", { timeout: 120_000 }, async () => {
  cluster.setupPrimary({
    exec: here("node-cluster-contract.mjs"),
    execArgv: ["--test-reporter=tap"],
    silent: true,
  });
  const worker = cluster.fork({ NODE_TEST_CONTEXT: "" });
  let output = "";
  worker.process.stdout.on("data", (chunk) => (output += chunk));
  await once(worker.process, "close");
  assert.doesNotMatch(output, /^ *not ok/m, output);
  assert.ok([...output.matchAll(/^ {4}ok/gm)].length >= 22, output);
});

test(
  "workers share sessions: starts, stops, calls, hand-over, a killed process",
  { timeout: 120_000 },
  async (t) => {
    const [one, other] = [await fork(t), await fork(t)];
    assert.deepEqual(await one.ask("start", "ada"), SUCCESS);
    assert.deepEqual(await other.ask("start", "ada"), SUCCESS);
    assert.deepEqual(await other.ask("told"), []);
    const reply = await other.ask("tool", "ada");
    assert.equal(reply.body.reply, `hello from ${one.worker.process.pid}`);
    assert.deepEqual(await one.ask("start", "bob"), SUCCESS);
    assert.deepEqual(await other.ask("stop", "bob"), SUCCESS);
    assert.deepEqual((await one.ask("told")).at(-1), ["onStop", "bob", "user_disabled", "AppStopped"]);
    await until("both know each other", async () => (await one.ask("peers")) === 1);
    await one.ask("leave");
    await until("the session arrives", async () => (await other.ask("told")).length === 1);
    const third = await fork(t);
    // A killed worker does not answer: its sessions start elsewhere at once.
    other.worker.process.kill("SIGKILL");
    await once(other.worker, "exit");
    const since = performance.now();
    assert.deepEqual(await third.ask("start", "ada"), SUCCESS);
    assert.ok(performance.now() - since < 900, `${performance.now() - since} ms`);
    assert.deepEqual(await third.ask("told"), [["onSession", "ada", null]]);
  },
);

test("a worker whose primary does not serve it is warned, once", async () => {
  const warnings = [];
  const channel = { send: () => true, on: () => {} };
  const opening = { packageName: "org.example", instance: "a.1", warn: (text) => warnings.push(text) };
  const store = openStore(channel, opening);
  await assert.rejects(store.beat("a.1", "x"), /no answer within 1000 ms/);
  await assert.rejects(store.read("x"), /no answer/);
  assert.deepEqual(warnings, [
    "node:cluster: no answer within 1000 ms; the primary must call serveWorkers(cluster)",
  ]);
});

test("a closed channel, and more calls than are kept, reject", async () => {
  const opening = { packageName: "org.example", instance: "a.1", warn: () => {} };
  const closed = { send: (_, done) => done(new Error("Channel closed")), on: () => {} };
  await assert.rejects(openStore(closed, opening).read("x"), /Channel closed/);
  const silent = { send: () => true, on: () => {} };
  const store = openStore(silent, opening);
  const waiting = Array.from({ length: 10_000 }, () => store.read("x"));
  await assert.rejects(store.read("x"), /10000 calls wait for an answer/);
  assert.ok((await Promise.allSettled(waiting)).every(({ status }) => status === "rejected"));
});

test("outside of workers and of the primary, errors name what to do", () => {
  assert.throws(() => serveWorkers({ ...cluster, isPrimary: false, on() {} }), {
    name: "TypeError",
    message: /^cluster: must be the module node:cluster, in the primary/,
  });
  const { send } = process;
  delete process.send;
  try {
    assert.throws(() => nodeCluster(), {
      name: "TypeError",
      message: /^nodeCluster: must be called in a worker/,
    });
  } finally {
    if (send !== undefined) process.send = send;
  }
});
