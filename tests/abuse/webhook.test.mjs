/** A hostile client of the webhook against a server with 20 sessions, with and without `authorize`. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { acknowledge, peer } from "../package/peer.mjs";
import { ATTACK_MS, start, startVictim, underAttack } from "./harness.mjs";

/** Attacks, and the answers that each may get. */
const ATTACKS = {
  "2,000 forged requests": [401, 429],
  "requests for the sessions of others": [403, 409],
  "bodies of 10 MB": [401, 413],
  "bodies that never end": [],
  "headers that never end": [],
  "odd content types": [415, 429, 502],
  "JSON nested 30,000 deep": [400],
  "bad UTF-8": [400],
  "foreign paths and pages": [403, 404],
};
/** Attacks that are also made on a server which asks for a secret. */
const WITHOUT_SECRET = ["2,000 forged requests", "bodies of 10 MB", "bodies that never end"];
/** Sessions that may connect at once. */
const MAX_UNCONNECTED = 100;

for (const [name, allowed] of Object.entries(ATTACKS)) {
  for (const secret of WITHOUT_SECRET.includes(name) ? [[], ["a-secret"]] : [[]]) {
    test(`${name}${secret.length > 0 ? ", without the secret" : ""}`, async (t) => {
      const cloud = await peer(acknowledge);
      // Takes connections and never answers.
      const silent = await peer(() => {});
      const victim = await startVictim(t, "victims/server.mjs", [cloud.url, ...secret]);
      const { honest, port, sessionIds } = victim.facts;
      const options = [name, String(ATTACK_MS), String(port), silent.url, sessionIds[0]];
      const client = await start(t, "attackers/webhook-client.mjs", options);
      let statuses = {};
      const report = await underAttack(t, victim, async () => {
        statuses = await client.ask("attack");
      });
      t.diagnostic(JSON.stringify({ statuses, ...report }));
      assert.equal(report.connected, honest, "the other sessions are connected");
      assert.deepEqual([report.losses, report.stops, report.leaks, report.unhandled], [0, 0, 0, 0]);
      assert.ok(report.sessions <= honest + MAX_UNCONNECTED, `${report.sessions} sessions`);
      if (secret.length > 0) assert.equal(report.sessions, honest);
      // The client cuts a request that takes too long.
      const others = Object.keys(statuses).filter((status) => ![0, ...allowed].includes(Number(status)));
      assert.deepEqual(others, [], "answers");
    });
  }
}
