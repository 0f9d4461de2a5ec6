/** A `TestCloud` whose caller throws, or ends it while something waits. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";

import { PACKAGE_NAME, TestCloud, USER } from "./support.mjs";

const APP = { packageName: PACKAGE_NAME, userId: USER };

/** The error of a webhook with this handler. */
async function errorOf(t, handler) {
  const cloud = new TestCloud();
  t.after(() => cloud.dispose());
  cloud.startApp({ ...APP, handler });
  const { error } = await cloud.until({ type: "webhook", success: false });
  return error;
}

test("the end of the cloud ends what waits for it", async () => {
  const cloud = new TestCloud();
  const waiting = cloud.until("acked");
  cloud.dispose();
  await assert.rejects(waiting, /disposed before: "acked"\nconnected: none/);
});

test("a tool call that is not answered before the end is rejected", async () => {
  const cloud = new TestCloud();
  let answer;
  const answered = new Promise((resolve) => (answer = resolve));
  const handler = ({ url }) => (url.endsWith("/tool") ? answered : new Response("{}"));
  cloud.startApp({ ...APP, handler });
  await cloud.until({ type: "webhook", success: true });
  const call = cloud.callTool({ ...APP, toolId: "t", toolParameters: {} });
  cloud.dispose();
  answer(new Response("{}"));
  await assert.rejects(call, /this TestCloud is disposed/);
});

test("an observer that throws does not stop the cloud", () => {
  // In a process of its own, because a test fails by the error, as it should.
  const url = new URL("./support.mjs", import.meta.url);
  const program = `
    import { ID, setUp } from ${JSON.stringify(url)};
    process.on("unhandledRejection", ({ message }) => console.log(message));
    const ends = [];
    const { cloud, session } = setUp({ after: (end) => ends.push(end) });
    const unobserve = cloud.observe(() => {
      unobserve();
      throw new Error("from the observer");
    });
    await session.connect(ID);
    for (const end of ends) end();
    console.log("connected");`;
  const { stdout } = spawnSync(process.execPath, ["--input-type=module", "--eval", program]);
  assert.equal(String(stdout), "connected\nfrom the observer\n");
});

test("a response of a webhook is read up to a limit", async (t) => {
  const endless = () =>
    new Response(new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(10_000)) }));
  assert.match(await errorOf(t, endless), /more than 65536 bytes/);
});

test("a handler of Node may set options of its socket", async (t) => {
  const cloud = new TestCloud();
  t.after(() => cloud.dispose());
  const handler = (request, response) => {
    request.setTimeout(1000);
    request.socket.setNoDelay(true).setKeepAlive(true);
    response.end("{}");
  };
  cloud.startApp({ ...APP, handler });
  await cloud.until({ type: "webhook", success: true });
});
