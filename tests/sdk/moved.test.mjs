/** Small apps run unchanged with either package and look the same to the cloud. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";

import { Cloud } from "../support/cloud.mjs";
import { PACKAGE } from "../support/paths.mjs";
import { until } from "../support/until.mjs";
import { captions } from "./apps/captions.mjs";
import { dashboard } from "./apps/dashboard.mjs";
import * as sdk from "./sdk.mjs";

const ours = await import(pathToFileURL(join(PACKAGE, "full-node.js")).href);

const PACKAGES = { "@mentra/sdk": sdk.TpaSession, "tpa-session/full": ours.TpaSession };

let here;

// Streams are silent except for the test.
before(async () => (here = await Cloud.start("--stream-interval", "1h")));
after(() => here?.stop());

/** Starts an app with a session of either package. */
async function started(name, Session, app) {
  const userId = `${app.name}.${name.replace(/\W/g, "")}@example.org`;
  const packageName = `org.example.${app.name}`;
  const sessionId = `${userId}-${packageName}`;
  const session = new Session({
    packageName,
    apiKey: "dev-key",
    mentraOSWebsocketUrl: `${here.url.replace("http", "ws")}/app-ws`,
    userId,
    appServer: { logger: sdk.silent },
    reconnectDelay: 1000,
  });
  const running = app(session);
  await session.connect(sessionId);
  return {
    session,
    running,
    look: () => here.user(userId),
    async frame(body) {
      const answer = await here.post("/frames", { ...body, sessionId });
      assert.equal(answer.status, 202, await answer.text());
    },
    say(language, text) {
      const data = { text, isFinal: true, transcribeLanguage: language, startTime: 0, endTime: 1 };
      const frame = { type: "data_stream", streamType: `transcription:${language}`, data };
      return this.frame({ frame });
    },
    press() {
      const data = { buttonId: "main", pressType: "short" };
      return this.frame({ frame: { type: "data_stream", streamType: "button_press", data } });
    },
    subscribed(...streams) {
      return until(`subscriptions ${streams}`, async () => {
        const { subscriptions } = await this.look();
        return String(subscriptions[packageName]?.toSorted()) === String(streams);
      });
    },
    shows(view, layout) {
      const wanted = JSON.stringify(Object.entries(layout).sort());
      return until(wanted, async () => {
        const shown = (await this.look()).displays[view] ?? {};
        return JSON.stringify(Object.entries(shown).sort()) === wanted;
      });
    },
    /** Cuts the connection; resolves when the app has noticed. */
    async cut() {
      const lost = new Promise((lost) => session.events.onDisconnected(lost));
      const back = await this.connection();
      await here.post("/faults", { fault: "cut", sessionId });
      await lost;
      return back;
    },
    /** Returns a function that resolves when there is a new connection. */
    async connection() {
      const [{ connectionId }] = (await this.look()).connections;
      return () =>
        until("another connection", async () => {
          const [now] = (await this.look()).connections;
          return now?.state === "connected" && now.connectionId !== connectionId;
        });
    },
    content: async () => (await here.user(userId)).dashboard.apps[packageName]?.content,
  };
}

for (const [name, Session] of Object.entries(PACKAGES)) {
  test(`${name}: live captions, a second language by button, lines by setting, and a cut`, async () => {
    const app = await started(name, Session, captions);
    const wall = (...lines) => app.shows("main", { layoutType: "text_wall", text: lines.join("\n") });
    await app.subscribed("button_press", "transcription:en-US");
    for (const word of ["one", "two", "three", "four"]) await app.say("en-US", word);
    await wall("two", "three", "four");
    await app.frame({ settings: { lines: 2 } });
    await wall("three", "four");
    await app.press();
    await app.subscribed("button_press", "transcription:en-US", "transcription:es-ES");
    await app.say("es-ES", "cinco");
    await wall("four", "cinco");
    const back = await app.cut();
    await back();
    await app.subscribed("button_press", "transcription:en-US", "transcription:es-ES");
    await app.press();
    await app.subscribed("button_press", "transcription:en-US");
    await app.say("en-US", "six");
    await wall("cinco", "six");
    await app.session.disconnect();
  });

  test(`${name}: a dashboard that is written repeatedly, through a cut`, async () => {
    const app = await started(name, Session, function clock(session) {
      return dashboard(session, 20);
    });
    const { running } = app;
    const card = (count) =>
      app.shows("dashboard", { layoutType: "dashboard_card", leftText: "Updates", rightText: String(count) });
    const written = (more) => {
      const wanted = running.count() + more;
      return until(`${wanted} updates`, () => running.count() >= wanted);
    };
    await written(2);
    const back = await app.cut();
    await written(2);
    running.stop();
    const newest = running.count();
    await back();
    // The SDK does not queue it.
    if (Session === ours.TpaSession) {
      await card(newest);
      assert.equal(await app.content(), `${newest} updates`);
    }
    const again = dashboard(app.session, 20);
    await until("an update", () => again.count() > 0);
    again.stop();
    await card(again.count());
    await until("its text", async () => (await app.content()) === `${again.count()} updates`);
    await app.session.disconnect();
  });
}
