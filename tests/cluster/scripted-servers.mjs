/** Servers that share a store, with scripted sessions. */
import { EventEmitter } from "node:events";

import { Member } from "../../pkg-template/src/cluster/member.js";
import { MemoryStore } from "../../pkg-template/src/cluster/memory-store.js";
import { Sessions } from "../../pkg-template/src/server/sessions.js";
import { HAND_OVER, REOPEN, REQUEST_PREFIX } from "../../pkg-template/src/session/internal-symbols.js";
import { until } from "../support/until.mjs";

export const PACKAGE = "org.example.cluster";

/** Session that connects at once. */
export class FakeSession extends EventEmitter {
  state = "idle";
  reopened = 0;
  sent = [];
  events = { emit: (event, data) => this.emit(event, data) };
  send(message) {
    this.sent.push(message);
    return "sent";
  }
  async connect(id) {
    this.sessionId = id;
    this.state = "connected";
    return [];
  }
  end(kind = "Abnormal") {
    if (this.state === "stopped") return;
    this.state = "stopped";
    this.emit("disconnected", { permanent: true, reason: "", message: "ended", kind });
  }
  disconnect() {
    this.end("ClientDisconnect");
  }
  async flush() {}
  [HAND_OVER]() {
    this.socket?.close(4010);
    this.end("ClientDisconnect");
  }
  [REOPEN]() {
    this.reopened += 1;
  }
}

/** Starts a server without its HTTP part. */
export async function server(store, options = {}) {
  const told = [];
  const reports = [];
  const parts = {
    packageName: PACKAGE,
    log: (level, text, { error, sessionId } = {}) => reports.push([level, text, error, sessionId]),
    report: (error, context) => reports.push([error, context]),
    checkCloud: options.checkCloud ?? (() => {}),
    WebSocket: options.WebSocket,
  };
  const settings = { name: undefined, lease: 10_000, strict: false, photos: "store", ...options };
  const member = new Member(settings, (opening) => store.open(opening), parts);
  const sessions = new Sessions({
    make: (url) => {
      const made = options.make?.() ?? new FakeSession();
      const session = Object.assign(made, { url, [REQUEST_PREFIX]: member.requestPrefix });
      if (options.dials) session.socket = new member.WebSocket("ws://127.0.0.1/tpa-ws");
      return session;
    },
    onSession: (session, { userId, previous }) => told.push(["onSession", userId, previous]),
    onStop: (reason, { userId, kind, session }) => {
      told.push(["onStop", userId, reason, kind]);
      return options.onStop?.(session);
    },
    report: parts.report,
    maxSessions: options.maxSessions ?? 100,
    maxUnconnectedSessions: options.maxUnconnectedSessions ?? 100,
    removed: (sessionId) => member.ended(sessionId),
    again: (request) => member.again(request),
    closing: (close) => member.closing(close),
  });
  member.open(sessions);
  await until("the server is a member", () => member.isReady);
  return { member, sessions, told, reports };
}

export const start = (userId, more) => ({
  type: "session_request",
  sessionId: `${userId}-${PACKAGE}`,
  userId,
  url: undefined,
  ...more,
});
export const stop = (userId, more) => ({
  type: "stop_request",
  sessionId: `${userId}-${PACKAGE}`,
  userId,
  reason: "user_disabled",
  ...more,
});

export async function servers(t, count, options) {
  const memory = new MemoryStore();
  const all = [];
  for (let i = 0; i < count; i += 1) all.push(await server(memory, options));
  t.after(() => Promise.all(all.map(({ member }) => member.leave(0))));
  return all;
}

/** True once a process knows a number of others. */
export function knows(member, count) {
  return member.peers === count;
}
