/** Session of a test and the frames that its cloud receives. */
import assert from "node:assert/strict";

import { ID, app, peer } from "./peer.mjs";

export const SETTINGS = [
  { key: "lines", type: "select", value: 3, defaultValue: 5 },
  { key: "loud", type: "toggle", defaultValue: true },
];

/** Starts a session and a cloud, and connects them. */
export async function connected(ack = {}, options = {}) {
  const treat = ({ socket }) =>
    socket.on("message", (data) => {
      const { type } = JSON.parse(data);
      const frame = { type: "tpa_connection_ack", settings: [], ...ack };
      if (type === "tpa_connection_init") socket.send(JSON.stringify(frame));
      if (type === "ping") socket.send('{"type":"pong"}');
    });
  const { url, dials } = await peer(treat);
  const { session, next } = app(url, options);
  await session.connect(options.id ?? ID);
  const OURS = ["tpa_connection_init", "ping", "mark"];
  const isEmptyList = ({ subscriptions }) => subscriptions?.length === 0;
  return {
    session,
    next,
    /** Frames sent on the newest connection. */
    heard() {
      const heard = dials.at(-1).frames.filter(({ type }) => !OURS.includes(type));
      return heard.length > 0 && isEmptyList(heard[0]) ? heard.slice(1) : heard;
    },
    /** Waits until the cloud has received everything. */
    async flush() {
      await Promise.resolve();
      session.send({ type: "mark" });
      await session.flush();
    },
    /** Sends frames to the app and waits until they have arrived. */
    async tell(...frames) {
      const arrived = session.stats.received + frames.length;
      for (const frame of frames) dials.at(-1).socket.send(JSON.stringify(frame));
      while (session.stats.received < arrived) await new Promise(setImmediate);
    },
    stream(streamType, data) {
      return this.tell({ type: "data_stream", streamType, data });
    },
    closed: () => dials.at(-1).closed,
    async cut() {
      const again = next("connected");
      dials.at(-1).tcp.destroy();
      await again;
    },
  };
}

export const lists = (frames) =>
  frames.filter(({ type }) => type === "subscription_update").map((frame) => frame.subscriptions);

export const without = ({ timestamp, packageName, sessionId, ...frame }) => {
  assert.ok(!Number.isNaN(Date.parse(timestamp)));
  assert.deepEqual({ packageName, sessionId }, { packageName: "org.example.app", sessionId: ID });
  return frame;
};

/** Returns the last request of a type that the cloud has received. */
export const asked = (heard, type) => heard().findLast((frame) => frame.type === type);
