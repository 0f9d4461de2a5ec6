/** All measures, in the order of the tables. */
import { CORE } from "./core.mjs";
import { LOADS } from "./load.mjs";
import { MEMORY } from "./memory.mjs";
import { OUTAGES } from "./outage.mjs";
import { DELIVERY, INSTALLATION } from "./size.mjs";
import { STARTS } from "./start.mjs";

/** @type {import("../types.js").Measure[]} */
export const MEASURES = [...LOADS, ...STARTS, ...MEMORY, ...OUTAGES, DELIVERY, INSTALLATION, CORE];
