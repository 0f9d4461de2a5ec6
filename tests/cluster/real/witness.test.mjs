/** The witness, on events that tell of faults. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { Witness } from "./witness.mjs";

const APP = "org.example.real";

/** A witness that has seen events, each a second after the one before. @param {object[]} events @param {number} [markAfter] */
function after(events, markAfter = 0) {
  const witness = new Witness(APP);
  events.forEach((event, i) => {
    if (i === markAfter) witness.mark(i * 1000);
    const at = new Date(i * 1000).toISOString();
    witness.handle({ packageName: APP, userSessionId: "ada", at, ...event });
  });
  return witness;
}

const one = { connectionId: "c1", peer: "127.0.1.1:50000" };
const two = { connectionId: "c2", peer: "127.0.1.2:50000" };
const acked = (connection) => ({ type: "acked", ...connection });
const closed = (connection) => ({ type: "closed", ...connection });
const display = (connection) => ({ type: "display", ...connection });
const message = (connection) => ({ type: "message", frame: "display_event", ...connection });

test("the time without a connection lasts from its loss to the next one", () => {
  const witness = after([acked(one), closed(one), {}, acked(two)], 1);
  const user = witness.users.get("ada");
  assert.deepEqual(user.gaps, [2000]);
  assert.deepEqual(user.hosts, ["127.0.1.2"]);
  assert.equal(user.awayAt, 3000);
});

test("a pause lasts until the next connection has its subscriptions", () => {
  const subscribed = (connection) => ({
    type: "subscriptions",
    subscriptions: ["button_press"],
    ...connection,
  });
  const witness = after([acked(one), subscribed(one), closed(one), acked(two), subscribed(two)], 1);
  assert.deepEqual(witness.users.get("ada").pauses, [2000]);
});

test("a second connection beside the first is seen", () => {
  assert.equal(after([acked(one), acked(two)]).counts.overlaps, 1);
  assert.equal(
    after([acked(one), { type: "superseded", by: "c2", ...one }, closed(one), acked(two)]).counts.overlaps,
    0,
  );
});

test("frames and cards of an old connection are seen, with the end of that connection too", () => {
  const detached = { type: "detached", by: "c2", ...one };
  const { counts } = after([acked(one), detached, acked(two), message(one), display(one), display(two)]);
  assert.deepEqual([counts.lateFrames, counts.lateCards, counts.cards, counts.overlaps], [1, 1, 2, 0]);
  assert.equal(after([acked(one), detached, acked(two), closed(one), message(one)]).counts.lateFrames, 0);
});

test("a connection that the cloud has forgotten is lost", () => {
  const witness = after([acked(one), { type: "detached", ...one }, {}, acked(two)]);
  assert.deepEqual(witness.users.get("ada").gaps, [2000]);
  assert.equal(witness.counts.deafened, 1);
});

test("a connection after a stop is seen until the app is started again", () => {
  const [stopped, started] = [{ type: "app_stopped" }, { type: "app_started" }];
  assert.equal(after([acked(one), stopped, closed(one), acked(two)]).counts.afterStop, 1);
  assert.equal(after([acked(one), stopped, closed(one), started, acked(two)]).counts.afterStop, 0);
});

test("apps that are given up, refusals and missed events are kept", () => {
  const witness = after([
    { type: "app_given_up", reason: "no connection within 5s" },
    { type: "refused", reason: "App not started for this session" },
    { type: "lagged", missed: 7, userSessionId: undefined },
  ]);
  assert.deepEqual(witness.givenUp, [{ user: "ada", at: 0, reason: "no connection within 5s" }]);
  assert.equal(witness.refusals.get("App not started for this session"), 1);
  assert.match(witness.failure, /7 missed/);
});

test("events of other apps do not count, and a mark begins anew", () => {
  const witness = after([acked(one), { ...acked(two), packageName: "org.example.other" }], 1);
  assert.equal(witness.counts.acked, 0);
  assert.equal(witness.users.get("ada").awayAt, Infinity);
});

test("the outcome of a start is a connection or the app given up, and events that are missed fail it", async () => {
  const witness = new Witness(APP);
  const at = new Date(0).toISOString();
  const tell = (event) => witness.handle({ packageName: APP, userSessionId: "ada", at, ...event });
  const heard = witness.outcome("ada");
  tell({ ...acked(one), userSessionId: "eve" });
  tell(acked(one));
  assert.equal(await heard, true);
  const givenUp = witness.outcome("ada");
  tell({ type: "app_given_up", reason: "no connection within 5s" });
  assert.equal(await givenUp, false);
  const missed = witness.outcome("ada");
  tell({ type: "lagged", missed: 7, userSessionId: undefined });
  await assert.rejects(missed, /7 missed/);
  await assert.rejects(witness.outcome("ada"), /7 missed/);
});
