/** What a page runs: one client, by orders from outside. `connect` comes from the bundler. */
import { connect } from "bench:client";

import { now } from "../clock.mjs";
import { load } from "../load.mjs";

window.bench = {
  events: [],

  /** Connects for work. */
  async open(url, audio) {
    this.client = await load(connect, url, audio);
  },

  /** Works. */
  work: (what, count) => window.bench.client[what](count),

  /** Connects, and notes what happens. */
  follow(url) {
    const note = (what) => this.events.push({ what, at: now() });
    addEventListener("online", () => note("online"));
    connect(url, {
      stream: "transcription",
      onData: () => {},
      onConnected: () => note("connected"),
      onPermanent: () => note("permanent"),
    });
  },
};
