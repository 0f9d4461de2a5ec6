/** This package, in an app that reads audio as an `arrayBuffer`, as the platform's SDK provides it. */
import { connectReading } from "./tpa-session.mjs";

/** @type {import("../types.js").Connect} */
export const connect = (url, wanted) =>
  connectReading(url, wanted, ({ arrayBuffer }) => new Uint8Array(arrayBuffer));
