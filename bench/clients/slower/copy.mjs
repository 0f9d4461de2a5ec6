/** This package with a copy of each chunk of audio. */
import { connectWith } from "../tpa-session.mjs";

/** @type {import("../../types.js").Connect} */
export const connect = connectWith({ read: ({ bytes }) => new Uint8Array(bytes) });
