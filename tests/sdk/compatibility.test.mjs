/** docs/compatibility.md is complete and correct, compared with the types and classes of both packages. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";

import { WebSocketServer } from "ws";

import { library } from "../types/members.mjs";
import * as sdk from "./sdk.mjs";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const pkg = resolve(root, process.env.TPA_PKG ?? "pkg");
const { TpaSession } = await import(pathToFileURL(join(pkg, "full-node.js")).href);

const text = readFileSync(join(root, "docs/compatibility.md"), "utf8");
const theirs = library(sdk.types);
const ours = library(join(pkg, "full.d.ts"));
const main = library(join(pkg, "index.d.ts"));

const SYSTEM_DASHBOARD = "system.augmentos.dashboard";
const OFFERED = ["same", "better", "in part"];
const PATHS = [
  "events",
  "layouts",
  "settings",
  "dashboard",
  "dashboard.content",
  "dashboard.system",
  "location",
  "camera",
  "led",
  "audio",
  "simpleStorage",
  "device",
  "device.state",
];

/** Returns the rows below a heading. */
function rows(heading) {
  const [, section] = text.split(`\n## ${heading}\n`);
  assert.ok(section, `there is no section "${heading}"`);
  const lines = section.split("\n## ")[0].split("\n");
  return lines
    .filter((line) => line.startsWith("| `"))
    .map((line) => {
      const [name, verdict, our, remark] = line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim());
      return { name: name.slice(1, -1), verdict, our: our.replaceAll("`", ""), remark };
    });
}

const SECTIONS = [
  ["Options", "", theirs.named("app/session/index.d.ts", "AppSessionConfig").map((name) => ({ name }))],
  ...["", ...PATHS].map((path) => {
    const heading = `\`session${path && `.${path}`}\``;
    return [heading, path, theirs.offered(theirs.typeOf("AppSession"), path)];
  }),
  ["Streams, by `session.on`", "", theirs.values("StreamType").map((name) => ({ name }))],
  [
    "Other events, by `session.on`",
    "",
    theirs.named("app/session/events.d.ts", "SystemEvents").map((name) => ({ name })),
  ],
];
const [options, ...members] = SECTIONS.slice(0, -2);
const [streams, events] = SECTIONS.slice(-2);

for (const [heading, , expected] of SECTIONS) {
  test(`${heading}: every member has a row, and there are no other rows`, () => {
    assert.deepEqual(
      rows(heading).map(({ name }) => name),
      expected.map(({ name }) => name),
    );
  });

  test(`${heading}: internal members match the SDK, and every difference has a reason`, () => {
    for (const [i, { name, verdict, remark }] of rows(heading).entries()) {
      assert.ok([...OFFERED, "no", "internal"].includes(verdict), `${name}: ${verdict}`);
      assert.equal(verdict === "internal", expected[i].internal === true, name);
      if (verdict !== "same") assert.notEqual(remark, "", `${name} is ${verdict}: why?`);
    }
  });
}

const session = new TpaSession({ packageName: SYSTEM_DASHBOARD, apiKey: "k" });
const reference = new sdk.TpaSession({
  packageName: SYSTEM_DASHBOARD,
  apiKey: "k",
  userId: "user",
  appServer: { logger: sdk.silent },
});

for (const [heading, path] of members) {
  test(`${heading}: listed names exist in the types and at run time`, () => {
    const at = (whole) => path.split(".").reduce((part, name) => (name === "" ? part : part?.[name]), whole);
    for (const { name, verdict, our } of rows(heading)) {
      if (!OFFERED.includes(verdict)) {
        assert.equal(our, "", name);
        continue;
      }
      const whole = path === "" ? our : `${path}.${our}`;
      assert.ok(ours.at(ours.typeOf("TpaSession"), whole), `${whole} is not in the types`);
      assert.ok(our in at(session), `${whole} is not there`);
      if (typeof at(reference)[name] === "function") assert.equal(typeof at(session)[our], "function", name);
    }
  });
}

test("the options of the SDK are supported", () => {
  const known = ours.offered(ours.typeOf("SessionOptions"), "").map(({ name }) => name);
  for (const { our, verdict } of rows(options[0])) {
    if (OFFERED.includes(verdict)) assert.ok(known.includes(our), our);
  }
});

test("members missing in the main entry point are listed", () => {
  const [, section] = text.split("\n## Only in `tpa-session/full`\n");
  const lists = section.split("\n- ").slice(1);
  const listed = lists.map((list) => list.slice(list.indexOf(":")).match(/\w+(?=`)/g));
  const expected = [
    ["SessionOptions", ""],
    ["TpaSession", ""],
    ["TpaSession", "events"],
    ["TpaSession", "settings"],
  ].map(([type, path]) => {
    const names = (types) => types.offered(types.typeOf(type), path).map(({ name }) => name);
    const known = names(main);
    return names(ours).filter((name) => !known.includes(name));
  });
  const sorted = (lists) => lists.map((names) => names.toSorted());
  assert.deepEqual(sorted(listed), sorted(expected));
});

test("at least nine of ten members are the same or better, and the totals are correct", () => {
  const all = SECTIONS.flatMap(([heading]) => rows(heading));
  const number = (wanted) => all.filter(({ verdict }) => verdict === wanted).length;
  const counted = all.length - number("internal");
  const good = number("same") + number("better");
  const said = Object.fromEntries(
    [...text.matchAll(/^\| ([a-z, ]+) \| (\d+)(?:, which is ([\d.]+) %)? \|$/gm)].map(
      ([, what, rows, share]) => [what, share === undefined ? Number(rows) : [Number(rows), Number(share)]],
    ),
  );
  assert.deepEqual(said, {
    same: number("same"),
    better: number("better"),
    "in part": number("in part"),
    no: number("no"),
    counted,
    "same or better": [good, Math.floor((1000 * good) / counted) / 10],
    "internal, not counted": number("internal"),
  });
  assert.ok(good / counted >= 0.9);
});

const left = [];
after(() => left.forEach((leave) => leave()));

/** Connects a session of either package to a minimal cloud. */
async function connected(Session, prepare = () => {}) {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await once(server, "listening");
  const session = new Session({
    packageName: "org.example.app",
    apiKey: "k",
    mentraOSWebsocketUrl: `ws://127.0.0.1:${server.address().port}/app-ws`,
    userId: "user",
    appServer: { logger: sdk.silent },
  });
  left.push(() => {
    session.disconnect();
    server.close();
    for (const client of server.clients) client.terminate();
  });
  prepare(session);
  const [[socket]] = await Promise.all([
    once(server, "connection").then(([socket]) => {
      socket.on("message", (data) => {
        if (JSON.parse(data).type !== "tpa_connection_init") return;
        socket.send('{"type":"tpa_connection_ack","settings":[]}');
      });
      return [socket];
    }),
    session.connect("user-org.example.app"),
  ]);
  return { session, socket };
}

/** Both packages by name. */
const BOTH = [
  ["@mentra/sdk", sdk.TpaSession],
  ["tpa-session/full", TpaSession],
];

/** Data of the streams that the SDK inspects. */
const DATA = { transcription: { text: "a" }, head_position: { position: "up" } };

/** Frames that cause each of the other events. */
const FRAMES = [
  { type: "settings_update", settings: [] },
  { type: "capabilities_update", capabilities: {}, modelName: "m" },
  { type: "custom_message", action: "a", payload: 1 },
  { type: "permission_error", message: "m", details: [{ stream: "VAD" }] },
  { type: "dashboard_mode_changed", mode: "main" },
  { type: "dashboard_always_on_changed", enabled: true },
];

for (const [name, Session] of BOTH) {
  test(`${name}: listening to a stream subscribes to it and delivers its data`, async () => {
    const { session, socket } = await connected(Session);
    const wanted = rows(streams[0]).filter(({ verdict, our }) => OFFERED.includes(verdict) && our !== "");
    const heard = new Map();
    let list = [];
    socket.on("message", (data) => (list = JSON.parse(data).subscriptions ?? list));
    for (const { our } of wanted) session.on(our, () => heard.set(our, true));
    for (const { our } of wanted) {
      const data = DATA[our] ?? { buttonId: "a", pressType: "short" };
      socket.send(JSON.stringify({ type: "data_stream", streamType: our, data }));
    }
    await answered(session, socket);
    // A binary frame; all others are JSON.
    const besides = Session === TpaSession ? ["audio_chunk", "*", "all"] : [];
    const names = wanted.map(({ our }) => our);
    const deaf = names.filter((each) => !heard.has(each) && !besides.includes(each));
    assert.deepEqual(deaf, []);
    const unasked = names.filter((each) => !list.includes(each));
    assert.deepEqual(unasked, Session === TpaSession ? ["photo_response"] : []);
  });

  test(`${name}: other events are delivered`, async () => {
    const heard = new Set();
    const names = rows(events[0]).map(({ name }) => name);
    const { session, socket } = await connected(Session, (session) => {
      for (const event of names) session.on(event, () => heard.add(event));
      // The SDK delivers errors only if there is a handler.
      session.events.onError(() => {});
    });
    for (const frame of FRAMES) socket.send(JSON.stringify(frame));
    await answered(session, socket);
    const gone = new Promise((gone) => session.events.onDisconnected(gone));
    socket.send('{"type":"connection_error","message":"no"}');
    socket.close(1000, "App stopped");
    await gone;
    const deaf = Session === TpaSession ? [] : ["dashboard_always_on_change"];
    assert.deepEqual(
      names.filter((event) => !heard.has(event)),
      deaf,
    );
  });
}

/** Resolves when all frames sent so far have been handled. */
async function answered(session, socket) {
  const last = new Promise((heard) => session.events.onCustomMessage("last", heard));
  socket.send('{"type":"custom_message","action":"last"}');
  await last;
  // And responses to them have arrived.
  socket.ping();
  await once(socket, "pong");
}
