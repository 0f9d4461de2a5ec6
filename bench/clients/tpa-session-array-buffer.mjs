/** This package, in an app that reads audio as an `arrayBuffer`, as the platform's SDK provides it. */
import { connectWith } from "./tpa-session.mjs";

/** @type {import("../types.js").Connect} */
export const connect = connectWith({ read: ({ arrayBuffer }) => new Uint8Array(arrayBuffer) });
