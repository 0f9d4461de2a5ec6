/** This package with a stream's name cut at its colon, two look-ups and a clock read for each message. */
import { connectWith } from "../tpa-session.mjs";
import { socketWith } from "./socket.mjs";

const NAMES = new Map([["transcription", new Map([["transcription", 0]])]]);
let names = 0;

/** @type {import("../../types.js").Connect} */
export const connect = connectWith({
  Socket: socketWith((data) => {
    // The name is in the same place of all texts.
    const stream = data.toString("latin1", 36, 55);
    const name = stream.slice(0, stream.indexOf(":"));
    names += NAMES.get(name)?.size ?? 0;
    names += NAMES.get(stream)?.size ?? performance.now() % 2;
  }),
});

/** Keeps the look-ups from being optimised away. */
export const found = () => names;
