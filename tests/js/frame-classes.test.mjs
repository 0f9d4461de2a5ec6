/** The class of each frame: the fuzz targets classify frames without JavaScript, and must agree. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import { Dispatcher } from "../../src/web/js/dispatcher.js";

const TABLE = new URL("../../fuzz/frame_classes.json", import.meta.url);
const CLASSES = {
  "not-json": "not JSON",
  "not-object": "not an object",
  "no-type": "no type",
  control: "control",
  unhandled: "data",
};

/** @param {string} text */
function classesOf(text) {
  const classes = [];
  const sink = (event) => event in CLASSES && classes.push(CLASSES[event]);
  const socket = {};
  new Dispatcher(sink, true).attach(socket, 1);
  socket.onmessage({ data: text });
  return classes;
}

const table = JSON.parse(await readFile(TABLE, "utf8"));
for (const [name, texts] of Object.entries(table)) {
  test(`frames of the class ${name}`, () => {
    for (const text of texts) assert.deepEqual(classesOf(text), [name], text);
  });
}
