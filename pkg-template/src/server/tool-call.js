/**
 * Route through which a cloud calls a tool of the app.
 *
 * @import { ToolCall } from "tpa-session/server"
 * @import { Member } from "../cluster/member.js"
 * @import { ServerOptions } from "./options.js"
 * @import { Report } from "./report.js"
 * @import { Route } from "./router.js"
 * @import { Sessions } from "./sessions.js"
 */
import { HttpError, failure } from "./http-error.js";
import { isObject } from "./options.js";
import { parse, refuse, text } from "./request.js";
import { JSON_MEDIA, pathsOf } from "./router.js";
import { LateError, callInTime } from "./with-timeout.js";

/** Longest time of a call of `onToolCall`, ms. */
const TOOL_TIMEOUT = 30_000;
/** Longest reply that passes between processes, bytes of JSON. With what is around it, a message has 64 KiB. */
const MAX_PASSED = 63 * 1024;

/**
 * @param {Pick<ServerOptions, "webhookPath" | "onToolCall"> & {
 *   sessions: Sessions,
 *   report: Report,
 *   member: Member | undefined,
 * }} parts
 * @returns {Route}
 */
export function toolCall({ webhookPath, onToolCall, sessions, report, member }) {
  /** @param {Omit<ToolCall, "session">} call @param {{ maxBytes?: number }} [how] */
  async function run(call, { maxBytes = Infinity } = {}) {
    const session = sessions.ofUser(call.userId).at(-1);
    try {
      const replied = callInTime("onToolCall", TOOL_TIMEOUT, () => onToolCall?.({ ...call, session }));
      const reply = (await replied) ?? null;
      if (reply !== null && typeof reply !== "string") {
        throw new TypeError(`onToolCall: must return a string or nothing, not ${typeof reply}`);
      }
      checkLength(reply, maxBytes);
      return { status: 200, body: { status: "success", reply } };
    } catch (error) {
      // The text of the error may contain anything, so the caller does not get it.
      const { userId } = call;
      const sessionId = session?.sessionId;
      const origin = session !== undefined && sessionId !== undefined && { session, sessionId };
      report(error, { ...origin, userId, where: "onToolCall" });
      return error instanceof LateError ? failure(504, error.message) : failure(500, "onToolCall failed");
    }
  }

  member?.handle("tool", (call) => run(call, { maxBytes: MAX_PASSED }));
  return {
    name: "tool",
    method: "POST",
    paths: pathsOf(webhookPath, "tool"),
    media: JSON_MEDIA,
    async handle({ body }) {
      if (onToolCall === undefined) throw new HttpError(404, "not found; the app has no tools");
      const call = readCall(await body());
      return (await member?.forward("tool", call.userId, call)) ?? run(call);
    },
  };
}

/** @param {string | null} reply @param {number} maxBytes */
function checkLength(reply, maxBytes) {
  if (maxBytes === Infinity) return;
  const { length } = new TextEncoder().encode(JSON.stringify(reply));
  if (length > maxBytes) {
    throw new RangeError(
      `onToolCall: returned ${length} bytes of JSON, at most ${maxBytes} pass between the processes of a cluster`,
    );
  }
}

/** @param {unknown} body */
function readCall(body) {
  const fields = parse(body);
  const { toolParameters = {}, timestamp } = fields;
  if (!isObject(toolParameters) || Array.isArray(toolParameters)) {
    return refuse("toolParameters", "an object", toolParameters);
  }
  return {
    toolId: text(fields, "toolId"),
    toolParameters: /** @type {Record<string, unknown>} */ (toolParameters),
    userId: text(fields, "userId"),
    timestamp: typeof timestamp === "string" ? timestamp : undefined,
  };
}
