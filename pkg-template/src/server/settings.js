/**
 * Route through which a cloud sends the settings of a user.
 *
 * @import { Member } from "../cluster/member.js"
 * @import { ServerOptions } from "./options.js"
 * @import { Route } from "./router.js"
 * @import { Sessions } from "./sessions.js"
 * @import { TpaSession } from "tpa-session"
 */
import { HttpError } from "./http-error.js";
import { parse, refuse, text } from "./request.js";
import { JSON_MEDIA, pathsOf } from "./router.js";

/**
 * @param {Pick<ServerOptions, "webhookPath"> & { sessions: Sessions, member: Member | undefined }} parts
 * @returns {Route}
 */
export function settings({ webhookPath, sessions, member }) {
  /** @param {{ userId: string, settings: unknown[] }} update */
  function update({ userId, settings }) {
    const users = sessions.ofUser(userId);
    for (const session of users) {
      const { packageName, sessionId } = session;
      const frame = { type: "settings_update", packageName, sessionId, settings };
      apply(session, frame);
    }
    const message = users.length > 0 ? "settings updated" : "the user has no session";
    return { status: 200, body: { status: "success", message, sessionsUpdated: users.length } };
  }

  member?.handle("settings", update);
  return {
    name: "settings",
    method: "POST",
    paths: pathsOf(webhookPath, "settings"),
    media: JSON_MEDIA,
    async handle({ body }) {
      const fields = parse(await body());
      const { settings } = fields;
      const userId = text(fields, "userIdForSettings");
      if (!Array.isArray(settings)) return refuse("settings", "an array", settings);
      return (
        (await member?.forward("settings", userId, { userId, settings })) ?? update({ userId, settings })
      );
    },
  };
}

/**
 * @param {TpaSession} session
 * @param {object} frame
 * @throws {HttpError} if a session would not keep the settings
 */
function apply(session, frame) {
  try {
    /** @type {any} */ (session.events).emit("settings_update", frame);
  } catch (error) {
    if (error instanceof RangeError) throw new HttpError(413, error.message);
    throw error;
  }
}
