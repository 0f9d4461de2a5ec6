/** Each metric, log line and state of a cluster, by what makes it move. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { recordMetrics } from "../../pkg-template/src/telemetry/metrics.js";
import { Clock, Members, PACKAGE, start } from "./members.mjs";
import { metered } from "./metered.mjs";

/** Interval between checks, and a beat, ms. */
const CHECK = 15_000;
const BEAT = 2000;

/** Members of a test, and its metrics. @param {import("node:test").TestContext} t @param {string[]} names */
async function cluster(t, ...names) {
  const value = metered(t, recordMetrics);
  const clock = new Clock(t);
  const members = new Members(clock);
  const all = [];
  for (const name of names) all.push(await members.add(name));
  await clock.pass(2 * BEAT);
  const begin = async (/** @type {typeof all[number]} */ { member }, /** @type {string} */ userId) => {
    const { status } = await clock.until(member.start(start(userId)));
    return status;
  };
  const of = (/** @type {string} */ name, /** @type {Record<string, string>} */ attributes = {}) =>
    value(`tpa.cluster.${name}`, { package: PACKAGE, ...attributes });
  return { value: of, clock, members, all, begin };
}

/** Moves in the log, without what is new in each run. @param {Members} members */
const moves = ({ lines }) =>
  lines
    .filter(({ level }) => level === "info")
    .map(
      ({ text, sessionId }) => `${sessionId} ${text.replaceAll(/\.[\w-]{13}/g, "").replace(/\d{9,}/, "N")}`,
    );

test("counters are there before anything happens", async (t) => {
  const { value, all } = await cluster(t, "a", "b");
  for (const name of ["takeovers", "handovers", "asks", "lost", "won", "unsure", "quarantined"]) {
    assert.equal(await value(name), 0, name);
  }
  assert.equal(await value("takeovers", { why: "dead" }), 0);
  assert.equal(await value("members"), 2);
  assert.equal(await value("alone"), 0);
  assert.equal(await value("ready"), 1);
  assert.ok(Number(await value("store.duration", { command: "beat" })) >= 2);
  for (const { member } of all) await member.leave(0);
  for (const name of ["members", "ready", "alone", "owed"]) assert.equal(await value(name), 0, name);
});

test("a start for a process that nobody hears: takeovers of the cloud, a question without a listener", async (t) => {
  const { value, members, all, begin } = await cluster(t, "a", "b");
  const [a, b] = all;
  assert.equal(await begin(a, "ada"), 200);
  await a.faults.cut();
  assert.equal(await begin(b, "ada"), 200);
  assert.equal(await value("takeovers", { why: "cloud" }), 1);
  assert.equal(await value("asks", { outcome: "gone" }), 1);
  assert.deepEqual(moves(members), [`ada-${PACKAGE} cluster: taken over why=cloud from=a to=b number=N`]);
});

test("a start for a process that is silent: takeovers of silence, and that one has lost the session", async (t) => {
  const { value, clock, members, all, begin } = await cluster(t, "a", "b");
  const [a, b] = all;
  await begin(a, "ada");
  a.faults.isDeaf = true;
  assert.equal(a.member.isReady, false, "deaf is not ready");
  assert.equal(await value("ready"), 0);
  assert.equal(await begin(b, "ada"), 200);
  assert.equal(await value("takeovers", { why: "silence" }), 1);
  assert.equal(await value("asks", { outcome: "silent" }), 1);
  await clock.pass(CHECK + BEAT);
  assert.equal(await value("lost"), 1);
  assert.deepEqual(moves(members), [
    `ada-${PACKAGE} cluster: taken over why=silence from=a to=b number=N`,
    `ada-${PACKAGE} cluster: lost from=a to=b number=N`,
  ]);
});

test("messages to a process arrive again: it notices at once that its session has moved", async (t) => {
  const { value, clock, all, begin } = await cluster(t, "a", "b");
  const [a, b] = all;
  await begin(a, "ada");
  // Its claim is checked once.
  await clock.pass(2 * BEAT);
  a.faults.isDeaf = true;
  await begin(b, "ada");
  assert.equal(a.sessions.ofUser("ada").length, 1);
  a.faults.hear();
  await clock.pass(500);
  assert.equal(a.sessions.ofUser("ada").length, 0);
  assert.equal(await value("lost"), 1);
});

test("a process that does not beat for its lease: takeovers of the dead", async (t) => {
  const { value, clock, members, all, begin } = await cluster(t, "a", "b");
  const [a] = all;
  await begin(a, "ada");
  // It is over when the other two have seen each other for the lease.
  await members.add("c");
  await clock.pass(12_000);
  await a.faults.cut();
  assert.equal(await value("members"), 3);
  await clock.pass(20_000);
  assert.equal(await value("takeovers", { why: "dead" }), 1);
  assert.match(moves(members)[0] ?? "", /^ada-\S+ cluster: taken over why=dead from=a to=[bc] number=N$/);
});

test("a process that leaves: handovers there, takeovers here", async (t) => {
  const { value, clock, members, all, begin } = await cluster(t, "a", "b");
  const [a] = all;
  await begin(a, "ada");
  await clock.until(a.member.leave(5000));
  await clock.pass(BEAT);
  assert.equal(await value("handovers"), 1);
  assert.equal(await value("takeovers", { why: "handover" }), 1);
  assert.equal(a.member.isReady, false);
  assert.deepEqual(moves(members), [
    `ada-${PACKAGE} cluster: handed over from=a to=b number=N`,
    `ada-${PACKAGE} cluster: taken over why=handover from=a to=b number=N`,
  ]);
});

test("questions: answered, and by a process that does not have the session", async (t) => {
  const { value, members, all, begin } = await cluster(t, "a", "b");
  const [a, b] = all;
  await begin(a, "ada");
  assert.equal(await begin(b, "ada"), 200);
  assert.equal(await value("asks", { outcome: "answered" }), 1);
  // A record of a session that the process has forgotten.
  const fields = { userId: "bob", url: "", crashes: 0, crashedAt: 0, startedAt: 0 };
  const sessionId = `bob-${PACKAGE}`;
  const { owner } = /** @type {any} */ (await members.records.read(`ada-${PACKAGE}`));
  const expected = { owner: "", number: 0 };
  await members.records.put({ sessionId, expected, owner, number: 0, fields, ttl: 60_000 });
  assert.equal(await begin(b, "bob"), 200);
  assert.equal(await value("asks", { outcome: "none" }), 1);
  assert.equal(await value("takeovers", { why: "none" }), 1);
});

test("an old record of another process: won", async (t) => {
  const { value, clock, members, all, begin } = await cluster(t, "a");
  await begin(all[0], "ada");
  const sessionId = `ada-${PACKAGE}`;
  const { owner, number, ...fields } = /** @type {any} */ (await members.records.read(sessionId));
  await members.records.put({
    sessionId,
    expected: { owner, number },
    owner: null,
    number: 0,
    fields,
    ttl: 0,
  });
  await members.records.put({ sessionId, expected: "lower", owner: "old.1", number: 7, fields, ttl: 60_000 });
  await clock.pass(CHECK + BEAT);
  assert.equal(await value("won"), 1);
  assert.deepEqual(moves(members), [`${sessionId} cluster: won from=old.1 to=a number=N`]);
});

test("commands without an answer: unsure, owed, alone, and the time of commands", async (t) => {
  const { value, clock, all, begin } = await cluster(t, "a");
  const [a] = all;
  a.faults.unanswered.add("put");
  assert.equal(await begin(a, "ada"), 200);
  assert.equal(await value("unsure"), 1);
  assert.equal(await value("owed"), 1);
  a.faults.unanswered.clear();
  for (const name of ["beat", "check", "read", "put"]) a.faults.refused.add(name);
  await clock.pass(2 * BEAT);
  assert.equal(await value("alone"), 1);
  assert.equal(await value("ready"), 1, "the sessions go on");
  assert.ok(Number(await value("store.duration", { command: "beat", "error.type": "no_answer" })) >= 1);
  a.faults.refused.clear();
  await clock.pass(5 * BEAT);
  assert.equal(await value("alone"), 0);
  assert.equal(await value("owed"), 0);
  assert.equal(await value("unsure"), 1, "each record once");
});

test("a store that does not answer at the start: alone, and not ready until it does", async (t) => {
  const value = metered(t, recordMetrics);
  const clock = new Clock(t);
  const { member, faults } = await new Members(clock).add("a", true);
  assert.equal(member.isReady, false);
  assert.equal(await value("tpa.cluster.alone"), 1);
  assert.equal(await value("tpa.cluster.ready"), 0);
  faults.refused.clear();
  await clock.pass(2 * BEAT);
  assert.equal(member.isReady, true);
  assert.equal(await value("tpa.cluster.alone"), 0);
  assert.equal(await value("tpa.cluster.ready"), 1);
});

test("a session whose processes die: quarantined", async (t) => {
  const { value, members, all, begin } = await cluster(t, "a");
  const fields = { userId: "eve", url: "", crashes: 2, crashedAt: Date.now(), startedAt: 0 };
  const sessionId = `eve-${PACKAGE}`;
  const expected = { owner: "", number: 0 };
  await members.records.put({ sessionId, expected, owner: "gone.1", number: 0, fields, ttl: 60_000 });
  assert.equal(await begin(all[0], "eve"), 503);
  assert.equal(await value("quarantined"), 1);
});

test("a process that stood still: the time for which nothing passed", async (t) => {
  const { value, clock, all, begin } = await cluster(t, "a");
  await begin(all[0], "ada");
  assert.equal(await value("gate.duration"), undefined);
  clock.jump(9000);
  await clock.pass(BEAT);
  assert.equal(await value("gate.duration"), 1);
});
