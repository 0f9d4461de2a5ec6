/** Stores, sessions and sockets of the app that throw, or answer otherwise than they should: a process goes on. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { MemoryStore } from "../../pkg-template/src/cluster/index.js";
import { guardStore } from "../../pkg-template/src/cluster/guard-store.js";
import { until } from "../support/until.mjs";
import { FakeSession, PACKAGE, knows, server, servers, start, stop } from "./scripted-servers.mjs";

const SUCCESS = { status: 200, body: { status: "success" } };

/** A store whose methods are replaced. @param {(store: any) => object} change */
function changed(change) {
  const memory = new MemoryStore();
  return {
    open(opening) {
      const store = memory.open(opening);
      return { ...store, ...change(store) };
    },
  };
}

/** Log lines of errors of a server, each with its error and session. */
function errorsOf({ reports }) {
  return reports
    .filter(([level]) => level === "error")
    .map(([, text, error, sessionId]) => [text, error?.message, sessionId]);
}

for (const [name, close] of [
  ["returns no promise", () => undefined],
  [
    "throws",
    () => {
      throw new Error("of the store");
    },
  ],
  ["never settles", () => new Promise(() => {})],
]) {
  test(`a process leaves in its time though close() of the store ${name}`, async () => {
    const one = await server(changed(() => ({ close })));
    // The timers of the process keep no test alive.
    const alive = setInterval(() => {}, 1000);
    try {
      const left = one.member.leave(300).then(() => true);
      assert.equal(await Promise.race([left, new Promise((resolve) => setTimeout(resolve, 5000))]), true);
    } finally {
      clearInterval(alive);
    }
    assert.deepEqual(
      errorsOf(one),
      name === "throws" ? [["cluster: close failed", "of the store", undefined]] : [],
    );
  });
}

test("subscribe() of a store may return no promise", async (t) => {
  const store = changed(({ subscribe }) => ({ subscribe: (...args) => void subscribe(...args) }));
  const [one, other] = [await server(store), await server(store)];
  t.after(() => Promise.all([one.member.leave(0), other.member.leave(0)]));
  await one.member.start(start("ada"));
  assert.deepEqual(await other.member.start(start("ada")), SUCCESS);
  assert.equal([...one.sessions.live.values()][0].reopened, 1);
});

test("a store may tell of no record by null", async (t) => {
  const store = changed(({ read }) => ({ read: async (id) => (await read(id)) ?? null }));
  const one = await server(store);
  t.after(() => one.member.leave(0));
  const alive = setInterval(() => {}, 1000);
  t.after(() => clearInterval(alive));
  assert.deepEqual(await one.member.start(start("ada")), SUCCESS);
  assert.deepEqual(await one.member.stop(stop("ada")), SUCCESS);
  assert.deepEqual(errorsOf(one), []);
});

/** Invalid replies. */
const RUBBISH = {
  beat: [undefined, { now: "soon", members: [] }, { now: 1, members: "one" }],
  read: ["ada", {}, { owner: "a", number: "1", userId: "ada", url: "" }],
  owned: [undefined, "a", [1]],
  put: [undefined, { done: 1 }, { done: true, record: {} }],
  check: [undefined, {}, [{ sessionId: "a", outcome: "gone", owner: "", number: 1 }]],
  takeBlob: ["a picture"],
};

for (const [name, replies] of Object.entries(RUBBISH)) {
  test(`an invalid reply of ${name}() counts as no answer, with one warning`, async () => {
    /** @type {string[]} */
    const warnings = [];
    let reply;
    const store = guardStore(/** @type {any} */ ({ [name]: async () => reply }), (text) =>
      warnings.push(text),
    );
    const message = `${name}() of the store resolved with an invalid value, see ClusterStore`;
    for (reply of replies) await assert.rejects(store[name](), { message });
    assert.deepEqual(warnings, [message]);
  });
}

test("entries of others in the list of processes are ignored", async (t) => {
  const foreign = [null, "garbage", { instance: 7 }, { instance: "foreign", at: NaN, state: "garbage" }];
  const store = changed(({ beat }) => ({
    async beat(...args) {
      const reply = await beat(...args);
      return { ...reply, members: [...reply.members, ...foreign] };
    },
  }));
  const [one, other] = [await server(store), await server(store)];
  t.after(() => Promise.all([one.member.leave(0), other.member.leave(0)]));
  const alive = setInterval(() => {}, 1000);
  t.after(() => clearInterval(alive));
  await until("they know each other", () => knows(one.member, 1));
  assert.deepEqual(await other.member.start(start("ada")), SUCCESS);
  assert.deepEqual(
    [one, other].flatMap(errorsOf).filter(([text]) => !text.includes("foreign")),
    [],
  );
});

test("a store may be frozen", async (t) => {
  const memory = new MemoryStore();
  const one = await server({ open: (opening) => Object.freeze(memory.open(opening)) });
  t.after(() => one.member.leave(0));
  assert.deepEqual(await one.member.start(start("ada")), SUCCESS);
});

test("a store may return nothing when a process is removed from its list", async () => {
  const warnings = [];
  const store = guardStore({ beat: async () => undefined }, (text) => warnings.push(text));
  assert.equal(await store.beat("a", ""), undefined);
  assert.deepEqual(warnings, []);
});

test("a process whose store answers with anything serves its requests alone", async (t) => {
  let isBroken = false;
  const one = await server(
    changed((store) =>
      Object.fromEntries(
        Object.keys(RUBBISH).map((name) => [
          name,
          async (...args) => (isBroken ? "rubbish" : store[name](...args)),
        ]),
      ),
    ),
  );
  t.after(() => one.member.leave(0));
  const alive = setInterval(() => {}, 1000);
  t.after(() => clearInterval(alive));
  isBroken = true;
  assert.deepEqual(await one.member.start(start("ada")), SUCCESS);
  assert.deepEqual(await one.member.stop(stop("ada")), SUCCESS);
  assert.deepEqual(errorsOf(one), []);
});

test("a session that cannot be made is an error of the log, and of the request", async (t) => {
  const make = () => {
    throw new Error("of the class");
  };
  const [one] = await servers(t, 1, { make });
  const { status, body } = await one.member.start(start("ada"));
  assert.deepEqual([status, body.message], [502, "not connected: the session could not start"]);
  assert.deepEqual(errorsOf(one), [
    ["cluster: the session could not start", "of the class", `ada-${PACKAGE}`],
  ]);
});

test("a session that is handed over to a process without room for it is an error of its log", async (t) => {
  const store = new MemoryStore();
  const one = await server(store);
  const other = await server(store, { maxSessions: 1 });
  t.after(() => other.member.leave(0));
  await one.member.start(start("ada"));
  await other.member.start(start("bob"));
  await until("they know each other", () => knows(one.member, 1));
  await one.member.leave(2000);
  await until("the error", () => errorsOf(other).length > 0);
  assert.deepEqual(errorsOf(other), [
    ["cluster: the session could not start", "there are 1 sessions already (maxSessions)", `ada-${PACKAGE}`],
  ]);
  assert.deepEqual(errorsOf(one), []);
});

test("a session whose connection cannot be closed is over all the same", async (t) => {
  const make = () =>
    Object.defineProperty(new FakeSession(), "socket", {
      get() {
        throw new Error("of the session");
      },
    });
  const [one, other] = await servers(t, 2, { make });
  await one.member.start(start("ada"));
  assert.deepEqual(await other.member.stop(stop("ada")), SUCCESS);
  assert.deepEqual(errorsOf(one), [
    ["cluster: the end of a session failed", "of the session", `ada-${PACKAGE}`],
  ]);
  // One that is handed over is with the next process.
  await one.member.start(start("bob"));
  await until("they know each other", () => knows(one.member, 1));
  await one.member.leave(5000);
  await until("the session of the next process", () => other.sessions.live.size === 1);
});

test("a socket that tells of its end by onclose alone ends no process", async (t) => {
  /** As a mock may be. */
  class Plain {
    readyState = 1;
    constructor(url) {
      this.url = url;
    }
    send() {}
    close() {
      this.readyState = 3;
    }
  }
  const [one, other] = await servers(t, 2, { dials: true, WebSocket: Plain });
  await one.member.start(start("ada"));
  const [session] = one.sessions.live.values();
  assert.deepEqual(await other.member.stop(stop("ada")), SUCCESS);
  assert.equal(session.socket.readyState, 3);
  assert.deepEqual(errorsOf(one), []);
});
