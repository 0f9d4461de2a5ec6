/** Clients that are compared, in the order of the tables. */

/**
 * @typedef {object} Client
 * @property {string} name
 * @property {string} module file in this folder
 * @property {string} [package] npm package; none for this package, which is linked
 * @property {string} [delivers] module whose bundle is what a page downloads
 * @property {string[]} [only] the only measures that it takes part in
 * @property {string} [notInPages] reason for which it cannot be measured in a page
 */

/** Name of the client that the others are compared with. */
export const FLOOR = "floor";
/** Name of this package. */
export const OURS = "tpa-session";
/** Name of this package without the option `WebSocket`, as most apps use it. */
export const AS_WRITTEN = "tpa-session, finds ws itself";

/** @type {Client[]} */
export const CLIENTS = [
  { name: FLOOR, module: "floor.mjs", package: "ws", delivers: "export const { WebSocket } = globalThis;" },
  {
    name: "reconnecting-websocket",
    module: "reconnecting-websocket.mjs",
    package: "reconnecting-websocket",
    delivers: 'export { default } from "reconnecting-websocket";',
  },
  {
    name: "partysocket",
    module: "partysocket.mjs",
    package: "partysocket",
    delivers: 'export { default } from "partysocket/ws";',
  },
  {
    name: "@nktkas/rews",
    module: "rews.mjs",
    package: "@nktkas/rews",
    delivers: 'export { ReconnectingWebSocket } from "@nktkas/rews";',
  },
  {
    name: "websocket-ts",
    module: "websocket-ts.mjs",
    package: "websocket-ts",
    delivers: 'export { ConstantBackoff, WebsocketBuilder } from "websocket-ts";',
  },
  {
    name: "@mentra/sdk",
    module: "mentra-sdk.mjs",
    package: "@mentra/sdk",
    delivers: 'export { TpaSession } from "@mentra/sdk";',
    notInPages: "made for Node only",
  },
  { name: OURS, module: "tpa-session.mjs", delivers: 'export { TpaSession } from "tpa-session";' },
  { name: "tpa-session, as arrayBuffer", module: "tpa-session-array-buffer.mjs", only: ["audio"] },
  {
    name: "tpa-session/js",
    module: "tpa-session-js.mjs",
    only: ["receive", "send"],
    notInPages: "measured in Node",
  },
  {
    name: AS_WRITTEN,
    module: "tpa-session-as-written.mjs",
    only: ["start"],
    notInPages: "the same in a page",
  },
];
