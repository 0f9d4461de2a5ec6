/** Uploads of photos: limits and refusals, over HTTP and by `fetch`. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, request as httpRequest } from "node:http";
import { after, test } from "node:test";

import { bodyReader } from "../../pkg-template/src/server/body.js";
import { fetchHandler } from "../../pkg-template/src/server/fetch.js";
import { nodeHandler } from "../../pkg-template/src/server/node.js";
import { photoUpload } from "../../pkg-template/src/server/photo-upload.js";
import { router } from "../../pkg-template/src/server/router.js";
import { REQUESTS } from "../../pkg-template/src/session/internal-symbols.js";

const MIB = 1024 * 1024;
const left = [];
after(() => left.forEach((leave) => leave()));

/** A server with a session that waits for photos. `settled` has the responses. */
async function waiting(...ids) {
  const settled = [];
  const pending = new Set(ids);
  const requests = {
    pending: () => [...pending],
    settle: (id, response) => pending.delete(id) && settled.push(response) > 0,
  };
  const sessions = { live: new Map([["s", { [REQUESTS]: requests }]]) };
  const answer = router({
    routes: [photoUpload({ webhookPath: "/webhook", maxUploads: 4, sessions })],
    authorise: () => Promise.resolve(),
    refused: () => {},
    failed: (error) => assert.fail(error),
  });
  const http = createServer(nodeHandler(answer, bodyReader())).listen(0, "127.0.0.1");
  await once(http, "listening");
  left.push(() => (http.closeAllConnections(), http.close()));
  const url = `http://127.0.0.1:${http.address().port}/photo-upload`;
  const post = async (body, headers = {}) => {
    const response = await fetch(url, { method: "POST", body, headers, duplex: "half" });
    return { ...(await response.json()), status: response.status };
  };
  return { url, post, settled, pending, fetch: fetchHandler(answer, bodyReader()) };
}

/** Form of an upload; `undefined` removes a field. */
function form(fields = {}) {
  const photo = new File([new Uint8Array(3)], "a.jpg", { type: "image/jpeg" });
  const all = { requestId: "p1", type: "photo_upload", success: "true", photo, ...fields };
  const form = new FormData();
  for (const [name, value] of Object.entries(all)) if (value !== undefined) form.set(name, value);
  return form;
}

const image = (bytes) => new File([new Uint8Array(bytes)], "a.jpg", { type: "image/jpeg" });

/** Body of a form as text, and its content type. */
async function serialised(form) {
  const response = new Response(form);
  return [await response.text(), { "content-type": response.headers.get("content-type") }];
}

test("a picture settles its request once, with its bytes", async () => {
  const { post, settled } = await waiting("p1");
  assert.deepEqual(await post(form()), { status: 200, success: true, requestId: "p1" });
  const [photo] = settled;
  assert.ok(photo.buffer instanceof Buffer);
  const { requestId, success, mimeType, filename, size, photoUrl } = photo;
  assert.deepEqual(
    { requestId, success, mimeType, filename, size, photoUrl },
    {
      requestId: "p1",
      success: true,
      mimeType: "image/jpeg",
      filename: "a.jpg",
      size: 3,
      photoUrl: "data:image/jpeg;base64,AAAA",
    },
  );
  const late = await post(form());
  assert.equal(late.status, 404);
  assert.match(late.message, /no photo with this requestId is pending/);
});

test("an error of the glasses settles the request with code and message", async () => {
  const { post, settled } = await waiting("p1", "p2");
  const failed = { photo: undefined, type: "photo_error", errorCode: "BUSY", errorMessage: "in use" };
  assert.equal((await post(form(failed))).status, 200);
  assert.equal((await post(form({ requestId: "p2", photo: undefined, success: "false" }))).status, 200);
  assert.deepEqual(
    settled.map(({ success, error }) => ({ success, error })),
    [
      { success: false, error: { message: "in use (BUSY)" } },
      { success: false, error: { message: "No photo was taken" } },
    ],
  );
});

test("pictures of up to 10 MiB are accepted", async () => {
  const { post, settled } = await waiting("p1", "p2");
  assert.equal((await post(form({ photo: image(10 * MIB) }))).status, 200);
  assert.equal(settled[0].size, 10 * MIB);
  assert.equal((await post(form({ requestId: "p2", photo: image(10 * MIB + 1) }))).status, 413);
});

test("what is no upload is refused with a reason, and the request stays pending", async () => {
  const { post, pending, fetch } = await waiting("p1");
  const [text, headers] = await serialised(form());
  const start = text.slice(0, text.indexOf("image/jpeg") + "image/jpeg\r\n\r\n".length);
  const boundary = headers["content-type"].split("=")[1];
  const type = { "content-type": "multipart/form-data" };
  const many = `--${boundary}\r\nContent-Disposition: form-data; name="a"; filename="b"\r\n\r\n\r\n`;
  const cases = [
    [415, /content-type: must be multipart\/form-data/, "{}", { "content-type": "application/json" }],
    [400, /must have a boundary of 1 to 70 characters/, text, type],
    [400, /not a complete form/, text.slice(0, -9), headers],
    [400, /not a complete form/, "", headers],
    [
      400,
      /not a complete form/,
      text.replaceAll(boundary, "abc").slice(0, -4),
      {
        "content-type": "multipart/form-data; boundary=abc",
      },
    ],
    [400, /requestId: must be/, form({ requestId: undefined })],
    [400, /requestId: must be/, form({ requestId: "" })],
    [400, /requestId: must be/, form({ requestId: image(3) })],
    [404, /is pending/, form({ requestId: "p2" })],
    [400, /photo: must be a picture/, form({ photo: undefined })],
    [400, /photo: must be a picture/, form({ photo: "text" })],
    [400, /photo: must be a picture/, form({ photo: image(0) })],
    [415, /photo: must be an image/, form({ photo: new File(["<html>"], "a", { type: "text/html" }) })],
    [413, /more than 10551296 bytes/, form({ photo: image(11 * MIB) })],
    [413, /more than 10551296 bytes/, new Blob([start, new Uint8Array(11 * MIB)]).stream(), headers],
    [
      413,
      /part count exceeds maximum allowed count of 32/,
      `${many.repeat(90_000)}--${boundary}--\r\n`,
      headers,
    ],
  ];
  for (const [status, message, body, headers] of cases) {
    const answer = await post(body, headers);
    assert.equal(answer.status, status, answer.message);
    assert.match(answer.message, message);
  }
  for (const [status, message, body, headers] of cases.filter(([, , body]) => typeof body === "string")) {
    const request = new Request("http://localhost/photo-upload", { method: "POST", body, headers });
    const response = await fetch(request);
    assert.equal(response.status, status);
    assert.match((await response.json()).message, message);
  }
  assert.deepEqual([...pending], ["p1"]);
  assert.equal((await post(form())).status, 200);
});

test("without a pending photo the body is not read", async () => {
  const { url } = await waiting();
  const headers = { "content-type": `multipart/form-data; boundary=${"-".repeat(30)}` };
  const request = httpRequest(url, { method: "POST", headers });
  request.on("error", () => {});
  request.flushHeaders();
  const [response] = await once(request, "response");
  assert.equal(response.statusCode, 404);
  request.destroy();
});

test("four photos are uploaded at once, and the fifth is refused", async () => {
  const { url, post, settled } = await waiting("p1", "p2", "p3", "p4", "p5");
  const slow = [];
  for (const requestId of ["p1", "p2", "p3", "p4"]) {
    const [text, headers] = await serialised(form({ requestId }));
    const request = httpRequest(url, { method: "POST", headers });
    request.write(text.slice(0, 100));
    slow.push({ request, rest: text.slice(100) });
  }
  let refused;
  // The server may not have seen all of them yet.
  do refused = await post(form({ requestId: "none" }));
  while (refused.status === 404);
  assert.equal(refused.status, 429);
  assert.match(refused.message, /4 photos are being uploaded already/);
  for (const { request, rest } of slow) {
    request.end(rest);
    const [response] = await once(request, "response");
    assert.equal(response.statusCode, 200);
    response.resume();
  }
  assert.equal(settled.length, 4);
  assert.equal((await post(form({ requestId: "p5" }))).status, 200);
});
