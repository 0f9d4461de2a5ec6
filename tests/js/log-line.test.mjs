/** Log lines of a session, whatever texts they contain. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { escapeControls, writeLine } from "../../src/web/js/platform.js";

/** The line that a logger is called with. */
function line(text, { packageName = "a", sessionId = "u-a" } = {}) {
  const lines = [];
  writeLine({ warn: (line) => lines.push(line) }, "warn", packageName, sessionId, 1, text);
  assert.equal(lines.length, 1);
  return lines[0];
}

for (const [name, given, written] of [
  ["a newline", "a\nb", "a\\nb"],
  ["a carriage return", "a\rb", "a\\u000db"],
  ["an escape sequence", "\u001b[2J\u001b[31mred", "\\u001b[2J\\u001b[31mred"],
  ["a bell, a backspace and a delete", "\u0007\b\u007f.", "\\u0007\\u0008\\u007f."],
  ["a control sequence of one byte", "\u009b2J", "\\u009b2J"],
  ["the separators of lines and paragraphs", "a\u2028b\u2029c", "a\\u2028b\\u2029c"],
  ["bidirectional overrides", "\u202egnp\u202c \u2066x\u2069", "\\u202egnp\\u202c \\u2066x\\u2069"],
  ["NUL", "a\0b", "a\\u0000b"],
]) {
  test(`${name} is escaped`, () => {
    assert.equal(line(given), `[tpa-session] package=a session=u-a connection=1 ${written}`);
  });
}

test("every control character is escaped, and no other text is changed", () => {
  for (let code = 0; code < 0x300; code++) {
    const character = String.fromCharCode(code);
    const isControl = /\p{Cc}/u.test(character);
    assert.equal(escapeControls(character) === character, !isControl, code.toString(16));
  }
  for (const text of ["Straße 東京 👩‍🚀", "שלום", "C:\\new\\u001b", "a b"]) {
    assert.equal(escapeControls(text), text);
  }
});

test("names of packages and sessions are escaped too", () => {
  const names = { packageName: "a\nb", sessionId: "\u001b[1A" };
  assert.equal(line("x", names), "[tpa-session] package=a\\nb session=\\u001b[1A connection=1 x");
});

test("a stack trace keeps its lines, and the message in it is on one", () => {
  const { stack } = new Error("boom\n[tpa-session] package=a forged");
  const [first, ...frames] = line(stack).split("\n");
  assert.match(first, / Error: boom\\n\[tpa-session\] package=a forged$/);
  assert.ok(frames.length > 1);
  for (const frame of frames) assert.match(frame, /^ +at /);
});
