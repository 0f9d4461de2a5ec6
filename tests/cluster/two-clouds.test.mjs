/** An app that two clouds start for the same user: the session is with the cloud that asked for it last. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { MemoryStore } from "../../pkg-template/src/cluster/index.js";
import { until } from "../support/until.mjs";
import { PACKAGE, knows, server, start, stop } from "./scripted-servers.mjs";
import { check, holdersOf, running } from "./simulation/scenario.mjs";

const [FIRST, SECOND] = ["first", "second"].map((name) => new URL(`wss://${name}.example/tpa-ws`));
const SESSION = `ada-${PACKAGE}`;
const SUCCESS = { status: 200, body: { status: "success" } };

/** Two servers, the first of which has a session that has moved from one cloud to the other. */
async function moved(t, { asked = "one", at, ...options } = {}) {
  const memory = new MemoryStore();
  const [one, other] = [await server(memory, options), await server(memory, options)];
  t.after(() => Promise.all([one, other].map(({ member }) => member.leave(0))));
  assert.deepEqual(await one.member.start(start("ada", { url: FIRST, at: at?.[0] })), SUCCESS);
  const { member } = asked === "one" ? one : other;
  assert.deepEqual(await member.start(start("ada", { url: SECOND, at: at?.[1] })), SUCCESS);
  const records = memory.open({ packageName: PACKAGE, instance: "test", warn() {} });
  return { one, other, records };
}

const cloudOf = ({ sessions }) => sessions.live.get(SESSION)?.url;
const calls = ({ told }) => told.map(([what, , reason]) => [what, reason]);

for (const asked of ["one", "other"]) {
  test(`a request of another cloud moves the session there in the process that has it, asked at ${asked}`, async (t) => {
    const { one, other, records } = await moved(t, { asked });
    assert.equal(cloudOf(one), SECOND.href);
    assert.equal(other.sessions.live.size, 0);
    assert.deepEqual(calls(one), [
      ["onSession", undefined],
      ["onStop", "switching_clouds"],
      ["onSession", undefined],
    ]);
    // Whoever takes it over dials the right cloud.
    await until("the record names that cloud", async () => (await records.read(SESSION)).url === SECOND.href);
  });
}

test("a session that has moved to another cloud is handed over with that cloud", async (t) => {
  const { one, other } = await moved(t, { asked: "other" });
  await until("the peer is known", () => knows(one.member, 1));
  await one.member.leave(2000);
  await until("the session arrives", () => other.told.length > 0);
  assert.equal(cloudOf(other), SECOND.href);
});

test("a request without a URL leaves the session where it is", async (t) => {
  const { one, other, records } = await moved(t);
  assert.deepEqual(await other.member.start(start("ada", { at: Date.now() })), SUCCESS);
  assert.equal(cloudOf(one), SECOND.href);
  assert.equal(one.told.length, 3);
  assert.equal((await records.read(SESSION)).url, SECOND.href);
});

test("a session with the cloud of the options stays there, as without a cluster", async (t) => {
  const memory = new MemoryStore();
  const [one, other] = [await server(memory), await server(memory)];
  t.after(() => Promise.all([one, other].map(({ member }) => member.leave(0))));
  assert.deepEqual(await one.member.start(start("ada", { at: 1000 })), SUCCESS);
  assert.deepEqual(await other.member.start(start("ada", { at: 2000, url: SECOND })), SUCCESS);
  assert.equal(cloudOf(one), undefined);
  assert.equal(one.told.length, 1);
  const records = memory.open({ packageName: PACKAGE, instance: "test", warn() {} });
  await until("the record names the request", async () => (await records.read(SESSION)).startedAt === 2000);
  assert.equal((await records.read(SESSION)).url, "");
});

test("a stop of the cloud that the user has left ends the session, unless it is earlier than the move", async (t) => {
  const { one, other } = await moved(t, { at: [1000, 3000] });
  assert.deepEqual(await other.member.stop(stop("ada", { at: 2000 })), SUCCESS);
  assert.equal(cloudOf(one), SECOND.href);
  assert.deepEqual(await other.member.stop(stop("ada", { at: 4000 })), SUCCESS);
  assert.equal(one.sessions.live.size, 0);
  assert.deepEqual(calls(one).at(-1), ["onStop", "user_disabled"]);
});

test("a process moves no session to a cloud that it does not allow, also if another one asks it to", async (t) => {
  const memory = new MemoryStore();
  const checkCloud = ({ host }) => {
    if (host === SECOND.host) throw new Error("not allowed");
  };
  const [one, other] = [await server(memory, { checkCloud }), await server(memory)];
  t.after(() => Promise.all([one, other].map(({ member }) => member.leave(0))));
  assert.deepEqual(await one.member.start(start("ada", { url: FIRST })), SUCCESS);
  assert.equal((await other.member.start(start("ada", { url: SECOND }))).status, 502);
  assert.equal(cloudOf(one), FIRST.href);
  assert.equal(one.told.length, 1);
});

test("a session that has moved to another cloud is taken over there when its machine is lost", () => {
  const world = running({ users: 1 });
  const [owner, other] = world.alive();
  world.users.push("moved");
  Object.assign(world.cloud.user("moved"), { isWanted: true, phase: "starting" });
  const statuses = [];
  const ask = (process, url) =>
    process.request("start", { sessionId: "moved", userId: "moved", url }, ({ status }) =>
      statuses.push(status),
    );
  ask(owner, FIRST.href);
  world.run(500);
  ask(other, SECOND.href);
  world.run(500);
  assert.deepEqual(statuses, [200, 200]);
  assert.deepEqual(holdersOf(world, "moved"), [owner]);
  owner.kill(300_000);
  world.run(14_000);
  const [next, ...more] = holdersOf(world, "moved");
  assert.deepEqual(more, []);
  assert.equal(next.state.holds.get("moved").fields.url, SECOND.href);
  check(world);
});
