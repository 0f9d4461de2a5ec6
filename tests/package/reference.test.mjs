/** The reference pages against the types: every option, event and code has its row. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import ts from "typescript";

import { ROOT } from "../support/paths.mjs";

const read = (file) => readFileSync(join(ROOT, file), "utf8");

/** The declaration of this name in a file of the package's types. */
function declaration(file, name) {
  const source = ts.createSourceFile(file, read(`pkg-template/types/${file}`), ts.ScriptTarget.Latest, true);
  const found = source.statements.find((statement) => statement.name?.text === name);
  assert.ok(found, `${file} declares no ${name}`);
  return found;
}

/** Names of the members of an interface or a class; not those in brackets, such as `[Symbol.dispose]`. */
const members = (file, name) =>
  declaration(file, name)
    .members.map((member) => member.name)
    .filter((member) => member && ts.isIdentifier(member))
    .map(({ text }) => text);

/** Texts of the string literals within a declaration, or within one of its members. */
function literals(file, name, member) {
  const texts = [];
  const visit = (node) => {
    if (ts.isLiteralTypeNode(node) && ts.isStringLiteral(node.literal)) texts.push(node.literal.text);
    ts.forEachChild(node, visit);
  };
  const whole = declaration(file, name);
  visit(member === undefined ? whole : whole.members.find(({ name }) => name?.getText() === member));
  return texts;
}

/** First cells of the tables of a page, without their markup. */
const cells = (page) =>
  Array.from(read(page).matchAll(/^\| ([^|]+) \|/gm), ([, cell]) => cell).flatMap((cell) =>
    Array.from(cell.matchAll(/`([^`]+)`/g), ([, code]) =>
      code.replace(/^session\./, "").replace(/[(.].*$/, ""),
    ),
  );

for (const [what, page, names] of [
  ["option of a session", "docs/reference.md", members("index.d.ts", "SessionOptions")],
  ["event of the connection", "docs/reference.md", members("index.d.ts", "LifecycleEvents")],
  ["member of a session", "docs/reference.md", members("index.d.ts", "TpaSession")],
  ["code of a request's error", "docs/reference.md", literals("full.d.ts", "TpaRequestError", "code")],
  ["option of a server", "docs/server.md", members("server.d.ts", "TpaServerOptions")],
  ["kind of a closure", "docs/closures.md", literals("index.d.ts", "CloseKind")],
]) {
  test(`every ${what} has a row in ${page}`, () => {
    const rows = new Set(cells(page));
    const missing = [...new Set(names)].filter((name) => !rows.has(name));
    assert.deepEqual(missing, []);
    assert.ok(names.length > 4);
  });
}

test("the reference gives each reason of a dropped message and each code of flush()", () => {
  const page = read("docs/reference.md");
  const reasons = literals("index.d.ts", "DroppedEvent", "reason");
  const codes = literals("index.d.ts", "FlushError", "code");
  assert.ok(reasons.length > 3 && codes.length > 2);
  for (const name of [...reasons, ...codes]) assert.ok(page.includes(`\`${name}\``), name);
});

test("the reference gives the default that the types give", () => {
  const page = read("docs/reference.md");
  for (const member of declaration("index.d.ts", "SessionOptions").members) {
    const [, given] =
      /Default `?("[^"]+"|[a-z]+:[^`\s]+|\d[\d.]*|true|false)/.exec(member.getFullText()) ?? [];
    if (given === undefined) continue;
    const row = page.split("\n").find((line) => line.startsWith(`| \`${member.name.text}\``)) ?? "";
    assert.ok(row.split("|")[2]?.includes(given.replace(/\.$/, "")), `${member.name.text}: ${given}; ${row}`);
  }
});
