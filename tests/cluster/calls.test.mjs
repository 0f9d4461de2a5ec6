/** Calls that are received twice or late: they are carried out once. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { check, holdersOf, runUntil, running } from "./simulation/scenario.mjs";

/** Changes what becomes of the questions of a process: `publish` sends the one that is given. */
function onAsk({ store }, process, change) {
  const { call } = store;
  store.call = function (from, name, args, done) {
    const publish = (answered) => call.call(this, from, name, args, answered);
    const isAsk = from === process && name === "publish" && JSON.parse(args[1]).kind === "ask";
    if (isAsk) change(publish, done);
    else publish(done);
  };
}

/** Changes what becomes of the beats of a process: `send` sends the one that is given. */
function changeBeats({ store }, process, change) {
  const { call } = store;
  store.call = function (from, name, args, done) {
    const send = () => call.call(this, from, name, args, done);
    if (from === process && name === "beat") change(send);
    else send();
  };
}

function world() {
  const world = running({ users: 1 });
  const [user] = world.users;
  const [owner] = holdersOf(world, user);
  const other = world.alive().find((each) => each !== owner);
  const ran = [];
  world.calls.ran = (process, name) => ran.push([process, name]);
  return { world, user, owner, other, ran };
}

test("a tool call that is received twice is one call, also when the first was answered", () => {
  for (const after of [0, 5, 400, 900]) {
    const { world: w, user, owner, other, ran } = world();
    onAsk(w, other, (publish, done) => {
      publish(done);
      w.time.after(after, () => publish(() => {}));
    });
    other.forward(user, "tool");
    w.run(5000);
    assert.deepEqual(ran, [[owner, "tool"]], `after ${after} ms`);
    check(w);
  }
});

test("a tool call that is received when its process may have done it itself is none", () => {
  const { world: w, user, other, ran } = world();
  // The command happens after it was given up.
  onAsk(w, other, (publish) => w.time.after(1100, () => publish(() => {})));
  other.forward(user, "tool");
  w.run(5000);
  assert.deepEqual(ran, [[other, "tool"]]);
  check(w);
});

test("a tool call is carried out once where its process wakes so late that the answer could not arrive", () => {
  for (const after of [960, 990, 998, 1002]) {
    const { world: w, user, owner, other, ran } = world();
    owner.pause(after);
    other.forward(user, "tool");
    w.run(5000);
    assert.deepEqual(ran, [[other, "tool"]], `after ${after} ms`);
    check(w);
  }
});

test("a tool call whose process has received it and does not answer is not carried out again", () => {
  const { world: w, user, owner, other, ran } = world();
  w.calls.ran = (process, name) => {
    ran.push([process, name]);
    if (process === owner) w.time.after(0, () => owner.pause(40_000));
  };
  other.forward(user, "tool");
  w.run(45_000);
  assert.deepEqual(ran, [[owner, "tool"]]);
});

test("a photo that is received twice is delivered once, and its answer is the first one's", () => {
  const { world: w, owner, other, ran } = world();
  onAsk(w, other, (publish, done) => {
    publish(done);
    publish(() => {});
  });
  const requestId = `${owner.instance}.photo`;
  owner.photos.add(requestId);
  const statuses = [];
  other.upload(owner.instance, requestId, (answer) => statuses.push(answer?.status));
  w.run(5000);
  assert.deepEqual(ran, [[owner, requestId]]);
  assert.deepEqual(statuses, [200]);
});

test("a tool call is carried out once where the store's clock was set while the owner stood still", () => {
  const { world: w, user, owner, other, ran } = world();
  owner.pause(7000);
  w.run(500);
  w.store.setClock(8000);
  w.run(4500);
  other.forward(user, "tool");
  w.run(5000);
  assert.deepEqual(ran, [[other, "tool"]]);
  check(w);
});

test("a tool call is carried out once where the store's clock was set while its process stood still", () => {
  const { world: w, user, owner, other, ran } = world();
  changeBeats(w, other, (beat) => w.time.after(20, beat));
  other.pause(7000);
  w.run(500);
  w.store.setClock(-8000);
  other.forward(user, "tool");
  runUntil(w, 20, () => !other.isPaused);
  owner.pause(3000);
  w.run(5000);
  assert.deepEqual(ran, [[other, "tool"]]);
  check(w);
});

test("a tool call is carried out once where neither clock shows how long the owner stood still", () => {
  const { world: w, user, owner, other, ran } = world();
  other.forward(user, "tool");
  owner.pause(3000, { vm: true });
  owner.skew -= 2500;
  w.run(5000);
  assert.deepEqual(ran, [[other, "tool"]]);
  check(w);
});

test("a process that cannot ask the store for the time leaves a call to the one that asks", () => {
  const { world: w, user, owner, other, ran } = world();
  owner.skew += 1000;
  changeBeats(w, owner, () => {});
  other.forward(user, "tool");
  w.run(5000);
  assert.deepEqual(ran, [[other, "tool"]]);
});

test("a process that cannot ask the store for the time carries a call out itself", () => {
  const { world: w, user, other, ran } = world();
  other.skew += 1000;
  changeBeats(w, other, () => {});
  other.forward(user, "tool");
  w.run(5000);
  assert.deepEqual(ran, [[other, "tool"]]);
});
