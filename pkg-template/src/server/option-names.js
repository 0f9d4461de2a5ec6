/** Names of options of a server. `tests/types/options.ts` fails where a list and its type differ. */
import { checkNames, isNear, nearest, plain } from "../session/names.js";
import { SDK_OPTIONS, SESSION_OPTIONS } from "../session/option-names.js";

export const SERVER_OPTIONS = /** @type {const} */ ([
  "packageName",
  "apiKey",
  "onSession",
  "onStop",
  "onToolCall",
  "onError",
  "webhookPath",
  "authorize",
  "clouds",
  "maxSessions",
  "maxUnconnectedSessions",
  "TpaSession",
  "session",
  "handleSignals",
  "maxUploads",
  "cluster",
]);

export const CLOSE_OPTIONS = /** @type {const} */ (["release", "reason", "timeout"]);

/** Common wrong names, in the form that `plain` returns. */
const MISTAKES = new Map([
  ["auth", "authorize"],
  ["authenticate", "authorize"],
  ["hosts", "clouds"],
]);

/**
 * Checks the names of the options of a server. Without `authorize` or `clouds` it is open to
 * everyone, so these two are also recognised in names that are less similar. Options of the sessions
 * belong in `session`.
 *
 * @param {object} given
 * @returns {string[]} warnings about unknown names
 * @throws {TypeError} for a name that was probably meant to be a known one
 */
export function checkServerNames(given) {
  const known = [...SERVER_OPTIONS, ...SDK_OPTIONS];
  const warnings = checkNames(given, known);
  for (const name of Object.keys(given).filter((name) => !known.some((each) => each === name))) {
    const near = ["authorize", "clouds"].find((each) => isNear(plain(name), each, 3));
    const ofSession = nearest(name, SESSION_OPTIONS);
    const meant = MISTAKES.get(plain(name)) ?? near ?? (ofSession && `session.${ofSession}`);
    if (meant !== undefined) throw new TypeError(`${name}: unknown option, did you mean ${meant}?`);
  }
  return warnings;
}
