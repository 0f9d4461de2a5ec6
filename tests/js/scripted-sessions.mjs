/** Session registry of a server, with scripted sessions. */
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";

import { HttpError } from "../../pkg-template/src/server/http-error.js";
import { Sessions } from "../../pkg-template/src/server/sessions.js";
import { HAND_OVER, REOPEN } from "../../pkg-template/src/session/internal-symbols.js";

/** Scripted session with the members that the server uses. */
class FakeSession extends EventEmitter {
  state = "idle";
  sent = [];
  connect(id) {
    this.id = id;
    this.state = "connecting";
    return new Promise((resolve, reject) => Object.assign(this, { resolve, reject }));
  }
  ack() {
    if (this.state !== "connecting" && this.state !== "waiting") return;
    this.state = "connected";
    this.resolve([]);
    this.emit("connected", []);
  }
  lose() {
    if (this.state === "connected") this.state = "waiting";
  }
  end(reason = "ended", kind = "Abnormal") {
    if (this.state === "idle" || this.state === "stopped") return;
    this.state = "stopped";
    this.reject(new Error(reason));
    this.emit("disconnected", { permanent: true, reason, message: reason, kind });
  }
  disconnect(reason) {
    this.end(reason, "ClientDisconnect");
  }
  reopened = 0;
  [REOPEN]() {
    this.reopened += 1;
  }
  [HAND_OVER]() {
    this.end("Handed over", "ClientDisconnect");
  }
  send(message) {
    this.sent.push(message);
    return "sent";
  }
  flush() {
    return this.state === "connected" ? Promise.resolve() : Promise.reject(new Error("over"));
  }
}

/** Registry of scripted sessions. `made` has the sessions, `told` the calls of the app's functions. */
export function keeper({ onSession = () => {}, onStop = () => {}, ...limits } = {}) {
  const made = [];
  const told = [];
  const reports = [];
  const sessions = new Sessions({
    make: () => {
      const session = new FakeSession();
      made.push(session);
      return session;
    },
    onSession: (session) => {
      told.push(["onSession", session]);
      return onSession(session);
    },
    onStop: (reason, { session }) => {
      told.push(["onStop", session]);
      return onStop(reason, session);
    },
    report: (error, context) => reports.push([error, context]),
    maxSessions: Infinity,
    maxUnconnectedSessions: Infinity,
    ...limits,
  });
  return { sessions, made, told, reports };
}

export const ask = (sessionId, url, userId = "u") => ({
  type: "session_request",
  sessionId,
  userId,
  url: url && new URL(url),
});
export const stop = (sessionId, userId) => ({ type: "stop_request", sessionId, userId, reason: "stop" });
export const refusal = (status) => (error) => error instanceof HttpError && error.answer.status === status;
/** Starts a session and acknowledges it. */
export const connected = async ({ sessions, made }, ...request) => {
  const started = sessions.start(ask(...request));
  await settled();
  made.at(-1).ack();
  assert.equal((await started).status, 200);
  return made.at(-1);
};
/** Runs pending microtasks. */
export const settled = () => new Promise((resolve) => setImmediate(resolve));
