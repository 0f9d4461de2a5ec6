/**
 * Cases on machines, with their clouds.
 *
 * @import { Case } from "./matrix.mjs"
 * @import { MachineRun } from "./machines.mjs"
 *
 * @typedef {Omit<Case, "run"> & { run: MachineRun }} MachineCase
 */
import { lostMachine, partitioned } from "./machines.mjs";

/** @type {MachineCase[]} */
export const MACHINE_CASES = [
  {
    name: "machine lost",
    run: lostMachine,
    plan: { app: { cardInterval: 5000, stream: "transcription" } },
    users: { suite: 120, full: 2000 },
  },
  {
    name: "process cut off from Redis for 30 s",
    run: partitioned(30_000),
    plan: { app: { cardInterval: 5000, stream: "transcription" } },
    users: { full: 800 },
  },
];
