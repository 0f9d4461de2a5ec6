/** This package where the core is asked for each message: those without a confirmation are kept. */
import { connectWith } from "../tpa-session.mjs";

/** @type {import("../../types.js").Connect} */
export const connect = connectWith({ options: { delivery: "at-least-once" } });
