/** Nothing of a namespace stays behind, however its program ends. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { test } from "node:test";

import { until } from "../support/until.mjs";
import { Namespace, obstacle } from "./namespace.mjs";

/** Makes two connected namespaces with a process in one of them, and prints their processes. */
const PROGRAM = `
import { Namespace } from ${JSON.stringify(new URL("namespace.mjs", import.meta.url).href)};
const [one, other] = [await Namespace.create(), await Namespace.create()];
await one.connect(other);
one.spawn("sh", ["-c", "echo; exec sleep 600"]).stdout.once("data", () => {
  // A stopped process must not keep its namespace either.
  one.signal("SIGSTOP");
  console.log(JSON.stringify([...one.processes(), one.pid, other.pid]));
});
process.on("SIGUSR2", () => { throw new Error("a failure"); });
setInterval(() => {}, 1000);
`;

const skip = (await obstacle()) ?? false;

for (const signal of /** @type {NodeJS.Signals[]} */ (["SIGINT", "SIGTERM", "SIGKILL", "SIGUSR2"])) {
  const end = signal === "SIGUSR2" ? "an exception" : signal;
  test(`namespaces are removed after ${end}`, { skip }, async (t) => {
    const program = spawn(process.execPath, ["--input-type=module", "--eval", PROGRAM], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    t.after(() => program.kill("SIGKILL"));
    const [line] = await once(createInterface(program.stdout), "line");
    const pids = /** @type {number[]} */ (JSON.parse(line));
    assert.equal(pids.length, 3, line);
    const living = () => pids.filter((pid) => existsSync(`/proc/${pid}`));
    assert.deepEqual(living(), pids);
    program.kill(signal);
    await until("removed", () => living().length === 0);
  });
}

test("a device of a namespace is not seen outside", { skip }, async () => {
  const [one, other] = [await Namespace.create(), await Namespace.create()];
  try {
    await one.connect(other);
    const inside = JSON.parse(await one.run("ip", "-json", "link"));
    assert.deepEqual(
      inside.map((/** @type {{ ifname: string }} */ { ifname }) => ifname),
      ["lo", "eth0"],
    );
    assert.equal((await other.run("mount")).includes("tmpfs on /media"), true);
  } finally {
    await Promise.all([one.remove(), other.remove()]);
  }
});
