import { getSystemErrorMap } from "node:util";

/** Errors whose text in libuv is not that of the system. */
const TEXTS = new Map([["EISDIR", "is a directory"]]);

/**
 * The text of an error of the operating system, such as `No such file or directory (os error 2)`.
 *
 * @param {unknown} error
 */
export function systemError(error) {
  const { errno, code, message } = /** @type {NodeJS.ErrnoException} */ (error);
  const known = errno === undefined ? undefined : getSystemErrorMap().get(errno);
  if (errno === undefined || known === undefined) return message;
  const text = TEXTS.get(code ?? "") ?? known[1];
  return `${text[0]?.toUpperCase()}${text.slice(1)} (os error ${-errno})`;
}
