/** Uploads that nobody waits for, and bodies that are no uploads, against an app that waits for a photo. */
import assert from "node:assert/strict";
import { request } from "node:http";
import { test } from "node:test";

import { acknowledge, peer } from "../package/peer.mjs";
import { startVictim, underAttack } from "./harness.mjs";

const MIB = 1024 * 1024;
const BOUNDARY = `----${"attack".repeat(6)}`;
const TYPE = `multipart/form-data; boundary=${BOUNDARY}`;

const part = (name, value) => `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"${value}\r\n`;
const END = `--${BOUNDARY}--\r\n`;

/** Text of an upload for a request that does not exist. */
function forged(id, picture) {
  const photo = part("photo", `; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n${picture}`);
  return photo + part("requestId", `\r\n\r\n${id}`) + END;
}

/** Posts a body, as one text or as many chunks. Returns the status, 0 if the connection was lost. */
function post(url, body, chunkSize = body.length) {
  return new Promise((resolve) => {
    const headers = {
      "content-type": TYPE,
      ...(chunkSize === body.length && { "content-length": body.length }),
    };
    const sent = request(`${url}/photo-upload`, { method: "POST", headers }, (response) => {
      response.resume();
      response.on("end", () => {
        resolve(response.statusCode);
        // The rest of a body that was refused: the connection may end while it is written.
        sent.destroy();
      });
      response.on("error", () => resolve(0));
    });
    sent.on("error", () => resolve(0));
    for (let at = 0; at < body.length; at += chunkSize) sent.write(body.slice(at, at + chunkSize));
    sent.end();
  });
}

/** Runs a number of posts, some at a time. Returns the counts of the statuses. */
async function many(count, width, make) {
  const statuses = {};
  let next = 0;
  const run = async () => {
    while (next < count) {
      const status = await make(next++);
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: width }, run));
  return statuses;
}

const ATTACKS = {
  "1,000 uploads with forged ids": {
    attack: (url) => many(1000, 8, (index) => post(url, forged(`p${index}`, "x".repeat(10_000)))),
    allowed: ["404", "429"],
  },
  "pictures of 10 MiB, eight at a time": {
    attack: (url) => many(16, 8, (index) => post(url, forged(`p${index}`, "x".repeat(10 * MIB)))),
    allowed: ["404", "429"],
    // Four uploads are received, others are refused.
    received: 4 * 10 * MIB,
  },
  "forms with 90,000 files": {
    attack: (url) => many(4, 4, () => post(url, part("a", '; filename="b"\r\n\r\n').repeat(90_000) + END)),
    allowed: ["413"],
  },
  "a body of line feeds and hyphens": {
    attack: (url) => many(4, 4, () => post(url, forged("p", "\n-".repeat(5 * MIB)))),
    allowed: ["404"],
  },
  // Node's own parser blocks the event loop for longer where chunks are shorter.
  "pictures in short chunks": {
    attack: (url) => many(4, 4, () => post(url, forged("p", "x".repeat(2 * MIB)), 4000)),
    allowed: ["404"],
  },
  "bodies that end early": {
    attack: (url) =>
      many(200, 8, (index) => post(url, forged("p", "x".repeat(20_000)).slice(0, 100 * index))),
    allowed: ["400", "404", "429"],
  },
};

for (const [name, { attack, allowed, received }] of Object.entries(ATTACKS)) {
  test(name, async (t) => {
    const cloud = await peer(acknowledge);
    const victim = await startVictim(t, "victims/uploads.mjs", [cloud.url]);
    let statuses;
    const makeAttack = async () => (statuses = await attack(victim.facts.url));
    const report = await underAttack(t, victim, makeAttack, received);
    t.diagnostic(JSON.stringify({ statuses, ...report }));
    assert.deepEqual(
      Object.keys(statuses).filter((status) => !allowed.includes(status)),
      [],
    );
    assert.equal(report.state, "connected");
    assert.equal(report.photo, "pending");
    assert.ok(report.lines < 100, `${report.lines} lines`);
  });
}
