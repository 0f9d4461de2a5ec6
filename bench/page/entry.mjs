/** Script of a page: one client, controlled through `window.bench`. The bundler resolves its module. */
import { connect } from "bench:client";

import { now } from "../clock.mjs";
import { load } from "../load.mjs";

window.bench = {
  events: [],

  /** Connects for `work`. */
  async open(url, traffic) {
    this.client = await load(connect, url, traffic);
  },

  async work(work, count) {
    await this.client?.[work](count);
  },

  /** Connects and records events. */
  follow(url) {
    const record = (/** @type {string} */ kind) => this.events.push({ kind, at: now() });
    addEventListener("online", () => record("online"));
    connect(url, {
      handlers: [["transcription", () => {}]],
      reconnects: true,
      onConnected: () => record("connected"),
      onPermanent: () => record("permanent"),
    });
  },
};
