/** A `tpa-cloud` of the test's own, and what it knows. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { after } from "node:test";

/** Longest wait for anything, ms. */
const PATIENCE = 15_000;

const children = [];
after(() => children.forEach((child) => child.kill()));

/** Starts a cloud with these flags; it ends with the tests of the file. */
export async function cloud(...flags) {
  const args = ["--listen", "127.0.0.1:0", ...flags];
  const child = spawn(process.env.TPA_CLOUD_BIN, args, { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  let output = "";
  let url;
  while (url === undefined) {
    const [data] = await once(child.stdout, "data");
    output += data;
    url = /http:\/\/127\.0\.0\.1:\d+/.exec(output)?.[0];
  }
  return {
    url,
    post: (path, body) =>
      fetch(url + path, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      }),
    /** What the cloud knows of one user. */
    async user(userId) {
      const sessions = await (await fetch(`${url}/sessions`)).json();
      return sessions.find(({ userSessionId }) => userSessionId === userId);
    },
  };
}

/** Resolves when `look` gives something. */
export async function until(what, look) {
  const end = Date.now() + PATIENCE;
  while (Date.now() < end) {
    const found = await look();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`${what}: not within ${PATIENCE} ms`);
}
