/** A hostile cloud against an app with 50 sessions, 49 of them with an honest cloud. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { acknowledge, peer } from "../package/peer.mjs";
import { ATTACKS } from "./attackers/attacks.mjs";
import { ATTACK_MS, start, startVictim, underAttack } from "./harness.mjs";

for (const name of Object.keys(ATTACKS)) {
  test(name, async (t) => {
    const cloud = await start(t, "attackers/cloud.mjs", [name, String(ATTACK_MS)]);
    const honest = await peer((dial) => {
      acknowledge(dial);
      dial.socket.on("message", (data) => {
        const { type, id } = JSON.parse(data);
        if (type === "ping") dial.socket.send(JSON.stringify({ type: "pong", id }));
      });
    });
    const victim = await startVictim(t, "victims/sessions.mjs", [cloud.facts.url, honest.url]);
    const report = await underAttack(t, victim, () => cloud.ask("attack"));
    t.diagnostic(JSON.stringify(report));
    assert.equal(report.connected, victim.facts.honest, "the other sessions are connected");
    assert.equal(report.losses, 0, "the other sessions were never lost");
    assert.equal(report.leaks, 0, "nothing shows the key");
  });
}
