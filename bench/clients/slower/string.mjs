/** This package with one more conversion of each Buffer to a string. */
import { connectWith } from "../tpa-session.mjs";
import { socketWith } from "./socket.mjs";

let length = 0;

/** @type {import("../../types.js").Connect} */
export const connect = connectWith({ Socket: socketWith((data) => (length = data.toString().length)) });

/** Keeps the conversion from being optimised away. */
export const last = () => length;
