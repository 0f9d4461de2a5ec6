/** `TestCloud` and sessions that use it. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { CLOUD_PACKAGE, PACKAGE } from "../support/paths.mjs";

const load = (folder, file) => import(pathToFileURL(join(folder, file)).href);

export const { TestCloud } = await load(CLOUD_PACKAGE, "testing-node.js");
export const { Cloud, readToml } = await load(CLOUD_PACKAGE, "index-node.js");
export const { TpaSession } = await load(PACKAGE, "node.js");
export const { createTpaServer } = await load(PACKAGE, "server-node.js");

export const PACKAGE_NAME = "org.example.captions";
export const USER = "user@example.org";
export const ID = `${USER}-${PACKAGE_NAME}`;

/** A cloud and a session, which end with the test. */
export function setUp(t, { cloud: cloudOptions, ...options } = {}) {
  const cloud = new TestCloud(cloudOptions);
  const session = new TpaSession({
    packageName: PACKAGE_NAME,
    apiKey: "dev-key",
    augmentOSWebsocketUrl: cloud.url,
    WebSocket: cloud.WebSocket,
    logLevel: "silent",
    ...options,
  });
  t.after(() => {
    session.dispose();
    cloud.dispose();
  });
  return { cloud, session };
}
