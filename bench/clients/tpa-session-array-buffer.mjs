/** This package, in an app that wants its audio as the platform's SDK gives it. */
import { connectReading } from "./tpa-session.mjs";

export const connect = (url, wanted) =>
  connectReading(url, wanted, ({ arrayBuffer }) => new Uint8Array(arrayBuffer));
