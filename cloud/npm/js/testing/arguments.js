/** Checks of what a test passes: an error names the field, the value and what is allowed. */

/** Fields that select connections, as in the control interface. */
export const TARGET = ["packageName", "sessionId", "connectionId"];

/** Checks that `fields` is an object and has no other names than `allowed`. */
export function checkNames(where, fields, allowed) {
  if (fields === undefined) return {};
  if (typeof fields !== "object" || fields === null || Array.isArray(fields)) {
    throw new TypeError(`${where}: must be an object, not ${show(fields)}`);
  }
  for (const name of Object.keys(fields)) {
    if (allowed.includes(name)) continue;
    const near = nearest(name, allowed);
    const hint = near === undefined ? "" : `; did you mean \`${near}\`?`;
    const list = allowed.map((name) => `\`${name}\``).join(", ");
    throw new TypeError(
      `${where}: unknown option \`${name}\`${hint} Allowed: ${list}`.replace("` A", "`. A"),
    );
  }
  return fields;
}

/** Checks one of several names. */
export function checkOneOf(where, name, allowed) {
  if (allowed.includes(name)) return name;
  const near = typeof name === "string" ? nearest(name, allowed) : undefined;
  const hint = near === undefined ? "" : `; did you mean "${near}"?`;
  throw new TypeError(`${where}: must be one of ${allowed.join(", ")}, not ${show(name)}${hint}`);
}

/** Checks a string that is not empty. */
export function checkText(where, text) {
  if (typeof text === "string" && text !== "") return text;
  throw new TypeError(`${where}: must be a string that is not empty, not ${show(text)}`);
}

/** Checks a number of milliseconds. */
export function checkMillis(where, millis, least = 0) {
  if (typeof millis === "number" && Number.isFinite(millis) && millis >= least) return millis;
  throw new TypeError(`${where}: must be a number of milliseconds from ${least}, not ${show(millis)}`);
}

/** A value for a message. */
export function show(value) {
  if (typeof value === "function") return `a function`;
  if (typeof value === "bigint" || typeof value === "symbol") return String(value);
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

/** The allowed name within two edits of a name, or the same in other case. */
function nearest(name, allowed) {
  const plain = (text) => text.toLowerCase().replace(/[_-]/g, "");
  const ranked = allowed.map((known) => ({ known, edits: distance(plain(name), plain(known)) }));
  const [best] = ranked.sort((a, b) => a.edits - b.edits);
  return best !== undefined && best.edits <= 2 ? best.known : undefined;
}

/** Edits that turn one text into another (Levenshtein). */
function distance(a, b) {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j] + 1, next[j - 1] + 1));
    }
    row = next;
  }
  return row[b.length];
}
