/** A seed makes the same faults in the native program, in the package, and in `TestCloud`. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { mock, test } from "node:test";

import { ROOT } from "../support/paths.mjs";
import { Cloud, TestCloud } from "./support.mjs";

const UNIX = 1_700_000_000_000;
const APPS = 4;
const TIME = 180_000;
const REDIAL = 1000;

/** Seeds with the number and the hash of their events, written by cloud/tests/seeds.rs. */
const EXPECTED = readFileSync(join(ROOT, "cloud/tests/seeds.txt"), "utf8")
  .trimEnd()
  .split("\n")
  .map((line) => line.split(" "));

/** The same apps as in cloud/tests/seeds.rs: they dial again a second after each end. */
function run(seed) {
  const cloud = new Cloud({}, UNIX, 0);
  let now = 0;
  const dials = Array.from({ length: APPS }, (_, app) => ({ at: 0, app }));
  const open = new Map();
  const lines = [];
  const redial = (app) => {
    dials.push({ at: now + REDIAL, app });
    dials.sort((a, b) => a.at - b.at || a.app - b.app);
  };
  const end = (id) => {
    if (!open.has(id)) return;
    const { app } = open.get(id);
    open.delete(id);
    cloud.gone(id, now);
    redial(app);
  };
  const drain = () => {
    for (let output; (output = cloud.poll()) !== undefined;) {
      const { type, to } = output;
      if (type === "ping" && !open.get(to).isFrozen) cloud.pong(to, now);
      else if (type === "close") {
        cloud.closed(to, output.code, "", now);
        end(to);
      } else if (type === "cut") end(to);
      else if (type === "freeze" && open.has(to)) open.get(to).isFrozen = output.frozen;
      else if (type === "event" && output.event.type !== "message") lines.push(output.json);
    }
  };
  const dial = (app) => {
    const id = cloud.open("app", "augmentos", now);
    if (typeof id !== "number") return redial(app);
    open.set(id, { app, isFrozen: false });
    const init = { type: "tpa_connection_init", packageName: "a.b", sessionId: `user${app}-a.b` };
    cloud.text(id, JSON.stringify({ ...init, apiKey: "dev-key" }), now);
  };
  const body = JSON.stringify({ seed });
  assert.equal(cloud.control({ method: "POST", path: "/scenarios", body }, now).status, 202);
  drain();
  for (;;) {
    const at = Math.min(cloud.nextTimeout() ?? Infinity, dials[0]?.at ?? Infinity);
    if (at > TIME) break;
    now = at;
    if (dials[0]?.at <= at) dial(dials.shift().app);
    else cloud.timeout(now);
    drain();
  }
  cloud.free();
  return lines;
}

/** FNV-1a of lines in ASCII. */
function hash(lines) {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(lines.map((line) => `${line}\n`).join(""))) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  }
  return hash.toString(16).padStart(8, "0");
}

test("200 seeds do to apps what they do in the native library", () => {
  assert.equal(EXPECTED.length, 200);
  for (const [seed, count, expected] of EXPECTED) {
    const lines = run(Number(seed));
    const found = [seed, String(lines.length), hash(lines)];
    assert.deepEqual(found, [seed, count, expected], lines.join("\n"));
  }
});

test("TestCloud plays the same faults at the same times", (t) => {
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: UNIX });
  performance.now = () => Date.now() - UNIX;
  t.after(() => {
    mock.timers.reset();
    delete performance.now;
  });
  const plan = ({ type, at, fault, forMs }) => (type === "fault" ? [[at, fault, forMs]] : []);
  for (const [seed] of EXPECTED) {
    mock.timers.setTime(UNIX);
    const cloud = new TestCloud();
    cloud.seed(Number(seed));
    mock.timers.tick(TIME);
    const expected = run(Number(seed)).flatMap((line) => plan(JSON.parse(line)));
    assert.ok(expected.length > 5);
    assert.deepEqual(cloud.events.flatMap(plan), expected, `seed ${seed}`);
    cloud.dispose();
  }
});
