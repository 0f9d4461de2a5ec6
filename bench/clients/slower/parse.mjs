/** This package with three more calls of JSON.parse for each text. */
import { connectWith } from "../tpa-session.mjs";
import { socketWith } from "./socket.mjs";

/** @type {import("../../types.js").Connect} */
export const connect = connectWith({
  Socket: socketWith((data) => {
    for (let time = 0; time < 3; time++) JSON.parse(data);
  }),
});
