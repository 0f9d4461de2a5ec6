/** Edge runtimes: Cloudflare's, in which a session lives in a request or in a Durable Object; Vercel's. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";

import { build } from "esbuild";

import { Skipped, cells, tool } from "./support.mjs";
import { NEW, WORKERD, startWorker } from "./workerd.mjs";

/** Compatibility dates: the last one without `nodejs_compat`, and an old one. */
const WITHOUT_NODE = "2026-08-03";
const OLD = "2022-01-01";

/** Runs a cell where the program exists. @param {import("./support.mjs").How} how */
function onLinux(how) {
  /** @type {import("./support.mjs").How} */
  return (stage, t, cell) =>
    existsSync(tool(WORKERD)) ? how(stage, t, cell) : new Skipped("for linux x64 only");
}

/**
 * Worker with a session that lasts as long as a request.
 *
 * @param {string} name of its file
 * @param {import("./workerd.mjs").Options} options
 */
function worker(name, options) {
  return onLinux(async (stage, t, cell) => {
    const app = stage.app(cell);
    const worker = await startWorker(stage, name, options);
    t.after(worker.stop);
    const answered = fetch(`${worker.url}/${app.query}`).then(
      async (response) => response.ok || app.fail(`${response.status}: ${await response.text()}`),
      ({ message }) => app.fail(message),
    );
    await app.run(worker.output);
    await answered;
    assert.doesNotMatch(worker.output(), /error|uncaught/i);
  });
}

/**
 * Durable Object with a server that the cloud starts.
 *
 * @param {(worker: { url: string }, sessionId: string) => Promise<{ status: number }>} [cut]
 */
function durableObject(cut) {
  return onLinux(async (stage, t, cell) => {
    const app = stage.app(cell);
    const worker = await startWorker(stage, "durable-object", { date: NEW, bindings: { APP: app.name } });
    t.after(worker.stop);
    const webhookUrl = `${worker.url}/webhook`;
    const started = await stage.server.post("/apps", { packageName: app.name, userId: "user", webhookUrl });
    assert.equal(started.status, 202);
    const { sessionId } = await started.json();
    await app.run(worker.output, cut && (() => cut(worker, sessionId)));
  });
}

/** Ends the object as the platform does after a deployment; the cloud then starts the app again. */
async function evict({ url }, sessionId) {
  const { status } = await fetch(`${url}/evict`, { method: "POST", body: JSON.stringify({ sessionId }) });
  assert.equal(status, 500, "the request ends with the object");
  return { status: 202 };
}

/** @type {import("./support.mjs").How} */
async function edgeRuntime(stage, t, cell) {
  const { folder } = stage;
  await build({
    entryPoints: [join(folder, "edge-runtime-app.js")],
    bundle: true,
    platform: "browser",
    conditions: ["edge-light"],
    outfile: join(folder, "edge-runtime-out.js"),
    logLevel: "error",
  });
  await stage.runs(stage.app(cell), process.execPath, ["edge-runtime.mjs"]);
}

cells(
  "edge",
  {
    "Cloudflare Worker": worker("worker", { date: NEW }),
    "Cloudflare Worker of 2022": worker("worker", { date: OLD }),
    "Cloudflare Worker, without `nodejs_compat`": worker("worker", { date: WITHOUT_NODE }),
    "Cloudflare Worker of 2022, `nodejs_compat`": worker("worker", { date: OLD, flags: ["nodejs_compat"] }),
    "Cloudflare Worker, wasm as a file": worker("manual", { date: NEW }),
    "Cloudflare Worker, `fetch` with an upgrade": worker("upgrade", { date: NEW }),
    "Durable Object, started by the webhook": durableObject(),
    "Durable Object, evicted": durableObject(evict),
    "Vercel edge-runtime": edgeRuntime,
  },
  {
    prepare({ folder }) {
      mkdirSync(join(folder, "node_modules/@edge-runtime"));
      symlinkSync(tool("@edge-runtime/vm"), join(folder, "node_modules/@edge-runtime/vm"), "junction");
    },
  },
);
