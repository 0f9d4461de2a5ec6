/** What each text becomes: the fuzz targets read frames without JavaScript, and must agree. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import { Dispatcher, rulesOf } from "../../src/web/js/dispatcher.js";

const TABLE = new URL("../../fuzz/frame_classes.json", import.meta.url);
const FAULTS = ["not JSON", "not an object", "no type"];
const RULES = rulesOf(
  ["tpa_connection_ack", "tpa_connection_error", "connection_error", "app_stopped", "pong"],
  ["connected"],
  [],
);

/** @param {string} text */
function becomes(text) {
  const answers = [];
  const names = [...FAULTS, "control", "data"];
  const tell = (what) => what in names && answers.push(names[what]);
  const socket = {};
  new Dispatcher(RULES, tell).attach(socket, 1);
  socket.onmessage({ data: text });
  return answers;
}

const table = JSON.parse(await readFile(TABLE, "utf8"));
for (const [answer, texts] of Object.entries(table)) {
  test(`what becomes ${answer}`, () => {
    for (const text of texts) assert.deepEqual(becomes(text), [answer], text);
  });
}
