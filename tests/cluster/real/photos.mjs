/**
 * Large pictures that reach another process than the one whose session waits for them.
 *
 * @import { Deployment } from "./deployment.mjs"
 * @import { Upload } from "./balancer.mjs"
 * @import { Run } from "./matrix.mjs"
 */
import { createHash } from "node:crypto";

import { Problems, spread } from "./figures.mjs";
import { checkAfterwards, counted, populate } from "./losses.mjs";

/** The largest picture that is taken, without what surrounds it. */
const BYTES = 10_000_000;
/** Pictures one after the other. */
const IN_TURN = 10;
/** Time for one of them, ms: an upload has 10 s. */
const MOST_MS = 2000;

const digestOf = (/** @type {Uint8Array} */ bytes) => createHash("sha256").update(bytes).digest("hex");

/**
 * Replaces the picture of the cloud by a large one, and sends it to a process that does not wait for it.
 *
 * @param {Deployment} deployment @param {Map<string, string>} digests of the pictures by user
 */
const toWrongProcess = ({ processes }, digests) =>
  async function replace(/** @type {Upload} */ { headers, body }) {
    const type = headers["content-type"] ?? "";
    const form = await new Response(body, { headers: { "content-type": type } }).formData();
    const requestId = `${form.get("requestId")}`;
    const owner = processes.findIndex(({ name }) => requestId.startsWith(`${name}.`));
    const target = processes[(owner + 1) % processes.length];
    if (owner === -1 || target === undefined) throw new Error(`no process has the request ${requestId}`);
    const picture = Buffer.alloc(BYTES, requestId);
    digests.set(requestId, digestOf(picture));
    form.set("photo", new File([picture], "photo.jpg", { type: "image/jpeg" }));
    const sent = new Response(form);
    const given = { "content-type": `${sent.headers.get("content-type")}` };
    return { target, headers: given, body: Buffer.from(await sent.arrayBuffer()) };
  };

/** Asks the session of a user for a picture. @param {Deployment} deployment @param {string} user */
async function takePicture({ processes, witness }, user) {
  const process = processes.find(({ address }) => address === witness.users.get(user)?.host);
  const start = performance.now();
  const answer = await process?.ask("photo", { user });
  return { ...answer, ms: performance.now() - start };
}

/** Some pictures in turn, then one of each user at once. @type {Run} */
export async function photosMisrouted(deployment, { users: count, bound }) {
  const users = await populate(deployment, count);
  /** @type {Map<string, string>} */
  const digests = new Map();
  deployment.balancer.replace = toWrongProcess(deployment, digests);
  deployment.mark();
  const problems = new Problems();
  const inTurn = [];
  for (const user of users.slice(0, IN_TURN)) inTurn.push(await takePicture(deployment, user));
  const atOnce = await Promise.all(users.map((user) => takePicture(deployment, user)));
  const known = new Set(digests.values());
  const arrived = atOnce.filter(({ error }) => error === undefined);
  for (const { error } of inTurn) problems.equal("error of a picture", error, undefined);
  const spoilt = [...inTurn, ...atOnce].filter(({ digest }) => digest !== undefined && !known.has(digest));
  problems.equal("pictures that differ from what was sent", spoilt.length, 0);
  const seen = [...inTurn, ...arrived].map(({ digest }) => digest);
  problems.equal("pictures that arrived twice", seen.length - new Set(seen).size, 0);
  const took = spread(inTurn.map(({ ms }) => ms));
  problems.atMost("a picture took, ms", took.max, bound(MOST_MS));
  problems.check(arrived.length > 0, "of the pictures at once none arrived");
  // None was thrown out of Redis by them.
  await checkAfterwards(deployment, problems, { moved: [] });
  const answers = { arrived: arrived.length, refused: atOnce.length - arrived.length };
  return { figures: { inTurn: took, atOnce: answers, ...counted(deployment) }, problems: problems.list };
}
