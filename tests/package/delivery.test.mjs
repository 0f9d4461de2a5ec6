/** Messages lost on a broken connection, with the packed package in Node. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Cloud } from "../support/cloud.mjs";
import { project } from "./support.mjs";

/**
 * Sends a card on a connection that is frozen and then cut; prints the display after the next
 * connection has confirmed its messages.
 */
const APP = `
import { TpaSession } from "tpa-session";
const { CLOUD, NAME, DELIVERY, REPLAY } = process.env;
const session = new TpaSession({
  packageName: NAME,
  apiKey: "dev-key",
  augmentOSWebsocketUrl: CLOUD + "/tpa-ws",
  reconnectDelay: 50,
  delivery: DELIVERY,
});
// A user of its own, since displays belong to the user's glasses.
const user = "user." + process.pid;
const sessionId = user + "-" + NAME;
const fault = (fault) =>
  fetch(CLOUD + "/faults", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ ...fault, sessionId }),
  });
await session.connect(sessionId);
await session.flush();
await fault({ fault: "freeze" });
const card = { type: "display_event", view: "main", layout: { layoutType: "text_wall", text: "late" } };
const reply = session.send(card, { replay: REPLAY === "true" });
const again = new Promise((resolve) => session.once("connected", resolve));
await fault({ fault: "cut" });
await again;
await session.flush();
const sessions = await (await fetch(CLOUD + "/sessions")).json();
const shown = sessions.find(({ userSessionId }) => userSessionId === user).displays;
session.disconnect();
console.log(JSON.stringify({ reply, text: shown.main?.text ?? null }));
`;

let place;
let server;

before(async () => {
  place = project({ ws: true });
  server = await Cloud.start();
});

after(() => {
  place?.remove();
  server?.stop();
});

for (const [delivery, replay, text] of [
  ["at-most-once", false, null],
  ["at-most-once", true, "late"],
  ["at-least-once", false, "late"],
]) {
  const what = `${delivery}, replay: ${replay}`;
  test(`${what}: a card sent on a broken connection ${text ? "is shown" : "is lost"}`, async () => {
    const NAME = `org.example.${delivery}-${replay}`;
    const env = { CLOUD: server.url, NAME, DELIVERY: delivery, REPLAY: String(replay) };
    const { code, output } = await place.app(`${delivery}-${replay}.mjs`, APP, env);
    assert.equal(code, 0, output);
    const said = JSON.parse(output.trim().split("\n").at(-1));
    assert.deepEqual(said, { reply: "sent", text });
  });
}
