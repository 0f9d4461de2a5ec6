/** Removal of comments, for the sources that source maps contain. */
import { parse } from "acorn";

/** Comments that bundlers and minifiers read. */
const ANNOTATION = /^[#@]__/;

/**
 * Removes the comments of a module. What remains stays on its line, so that the lines in a stack trace
 * are those of the repository.
 *
 * @param {string} code
 * @returns {string}
 */
export function withoutComments(code) {
  /** @type {import("acorn").Comment[]} */
  const onComment = [];
  parse(code, { ecmaVersion: "latest", sourceType: "module", onComment });
  let bare = "";
  let end = 0;
  for (const comment of onComment) {
    if (ANNOTATION.test(comment.value.trim())) continue;
    bare += code.slice(end, comment.start);
    end = comment.end;
    const isLast = /^[ \t]*$/m.test(code.slice(end).split("\n", 1)[0]);
    if (isLast) bare = bare.replace(/[ \t]+$/, "");
    else if (code[end] === " ") end += 1;
    bare += "\n".repeat(comment.value.split("\n").length - 1);
  }
  return bare + code.slice(end);
}
