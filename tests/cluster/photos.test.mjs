/** Photos that arrive at another process than the one that waits for them. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";

import { MemoryStore } from "../../pkg-template/src/cluster/memory-store.js";
import { Requests } from "../../pkg-template/src/full/requests.js";
import { bodyReader } from "../../pkg-template/src/server/body.js";
import { nodeHandler } from "../../pkg-template/src/server/node.js";
import { photoUpload } from "../../pkg-template/src/server/photo-upload.js";
import { router } from "../../pkg-template/src/server/router.js";
import { LISTEN_PASSIVELY, REQUESTS } from "../../pkg-template/src/session/internal-symbols.js";
import { until } from "../support/until.mjs";
import { PACKAGE, knows, server, servers, start } from "./scripted-servers.mjs";

/** Endpoint for photos of a server. */
async function upload(t, { member, sessions }, maxUploads = 4) {
  const answer = router({
    routes: [photoUpload({ webhookPath: "/webhook", maxUploads, sessions, member })],
    authorise: () => Promise.resolve(),
    refused: () => {},
    failed: (error) => assert.fail(error),
  });
  const http = createServer(nodeHandler(answer, bodyReader())).listen(0, "127.0.0.1");
  await once(http, "listening");
  t.after(() => (http.closeAllConnections(), http.close()));
  const url = `http://127.0.0.1:${http.address().port}/photo-upload`;
  return async (fields) => {
    const body = new FormData();
    for (const [name, value] of Object.entries(fields)) body.set(name, value);
    const response = await fetch(url, { method: "POST", body });
    const { status: code, headers } = response;
    const retryAfter = headers.get("retry-after");
    return { code, ...(retryAfter !== null && { retryAfter }), ...(await response.json()) };
  };
}

/** Requests a photo in the session of a user. Returns the id, and the response that it waits for. */
function requestPhoto({ sessions }, userId) {
  const session = sessions.live.get(`${userId}-${PACKAGE}`);
  let sent;
  Object.assign(session, {
    [LISTEN_PASSIVELY]: () => () => {},
    send: (message) => ((sent = message), "sent"),
  });
  session[REQUESTS] ??= new Requests(session);
  const request = { type: "photo_request" };
  const response = session[REQUESTS].send(request, "requestId", "photo_response", { timeout: 5000 });
  return { requestId: sent.requestId, response };
}

const picture = (bytes) => new File([bytes], "a.jpg", { type: "image/jpeg" });
const BYTES = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7) % 256);

/** Two servers that know each other; the first has a session that waits for a photo. */
async function waiting(t, options) {
  return waitingOf(t, await servers(t, 2, options));
}

async function waitingOf(t, [one, other]) {
  await one.member.start(start("ada"));
  await until("both know each other", () => knows(one.member, 1) && knows(other.member, 1));
  const { requestId, response } = requestPhoto(one, "ada");
  response.catch(() => {});
  await upload(t, one);
  return { one, other, requestId, response, post: await upload(t, other) };
}

test("the id of a request begins with the process", async (t) => {
  const { one, requestId } = await waiting(t);
  assert.ok(requestId.startsWith(one.member.requestPrefix));
  assert.match(one.member.requestPrefix, /^[\w-]+\.[\w-]+\.$/);
});

test("a photo that arrives at another process reaches the one that waits for it, once", async (t) => {
  const { requestId, response, post } = await waiting(t);
  const photo = picture(BYTES);
  assert.deepEqual(await post({ requestId, photo }), { code: 200, success: true, requestId });
  const { buffer, mimeType, filename, size } = await response;
  assert.deepEqual([mimeType, filename, size], ["image/jpeg", "a.jpg", BYTES.length]);
  assert.ok(buffer.equals(BYTES));
  assert.equal((await post({ requestId, photo })).code, 404, "it is pending no longer");
});

test("the error of the glasses reaches the process that waits for the photo", async (t) => {
  const { requestId, response, post } = await waiting(t);
  const fields = { requestId, type: "photo_error", errorMessage: "no camera", errorCode: "E1" };
  assert.equal((await post(fields)).code, 200);
  const { success, error } = await response;
  assert.deepEqual([success, error], [false, { message: "no camera (E1)" }]);
});

test("a photo for a process that is unknown, or a request that nobody made, is refused", async (t) => {
  const { one, post } = await waiting(t);
  for (const requestId of ["gone.1234.x", `${one.member.requestPrefix}x`, "x", "."]) {
    const { code, message } = await post({ requestId, photo: picture(BYTES) });
    assert.deepEqual([code, message], [404, "no photo with this requestId is pending"], requestId);
  }
});

test("limits and the kind of a picture are checked where it arrives", async (t) => {
  const { requestId, post, other } = await waiting(t);
  const text = new File([BYTES], "a.txt", { type: "text/plain" });
  assert.equal((await post({ requestId, photo: text })).code, 415);
  assert.equal((await post({ requestId, photo: picture(new Uint8Array(11 * 1024 * 1024)) })).code, 413);
  const full = await upload(t, other, 0);
  assert.equal((await full({ requestId, photo: picture(BYTES) })).code, 429);
});

test("no picture leaves a process with photos: here", async (t) => {
  const { requestId, post } = await waiting(t, { photos: "here" });
  assert.equal((await post({ requestId, photo: picture(BYTES) })).code, 404);
});

/** Commands after which the answer of the store is lost, once: the store has carried them out. */
for (const name of ["putBlob", "takeBlob"]) {
  test(`a photo whose ${name} has no answer is refused, and arrives once when it is sent again`, async (t) => {
    const memory = new MemoryStore();
    let losses = 1;
    const store = {
      open(opening) {
        const inner = memory.open(opening);
        const lossy = async (...args) => {
          const value = await inner[name](...args);
          if (losses-- > 0) throw new Error("no answer");
          return value;
        };
        return { ...inner, [name]: lossy };
      },
    };
    const both = [await server(store), await server(store)];
    t.after(() => Promise.all(both.map(({ member }) => member.leave(0))));
    const { one, requestId, response, post } = await waitingOf(t, both);
    let arrived = 0;
    response.then(
      () => (arrived += 1),
      () => {},
    );
    const photo = picture(BYTES);
    const { code, retryAfter, message } = await post({ requestId, photo });
    assert.deepEqual([code, retryAfter], [503, "1"]);
    assert.match(message, /^the photo could not be passed on in time; send it again$/);
    assert.equal(arrived, 0);
    const session = one.sessions.live.get(`ada-${PACKAGE}`);
    assert.deepEqual(session[REQUESTS].pending("photo_request"), [requestId], "it waits still");
    assert.equal((await post({ requestId, photo })).code, 200);
    assert.ok((await response).buffer.equals(BYTES));
    assert.equal((await post({ requestId, photo })).code, 404, "it is pending no longer");
    assert.equal(arrived, 1);
  });
}
