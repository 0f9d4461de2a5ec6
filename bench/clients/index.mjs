/** Who is compared, in the order of the tables. */

/**
 * @typedef {object} Client
 * @property {string} name
 * @property {string} module its file here
 * @property {string} [package] what it is installed as; this package has no version there
 * @property {string} [delivers] the module that a bundler is given to see what a page loads
 * @property {string} [only] the one measure in which it differs from another
 * @property {string} [notInPages] why it cannot be measured in a page
 */

/** The name of the one that the others are measured by. */
export const FLOOR = "floor";
/** Our own name. */
export const OURS = "tpa-session";
/** Our own as most users write it: nobody hands it a WebSocket. */
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
  { name: "tpa-session, as arrayBuffer", module: "tpa-session-array-buffer.mjs", only: "audio" },
  { name: AS_WRITTEN, module: "tpa-session-as-written.mjs", only: "start" },
];
