/** Fake timers of test libraries, which drive sessions with a mock of WebSocket. */
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";

import { cells, tool } from "./support.mjs";

/** Runs a program in the folder of the apps. @param {...string} args */
const runs =
  (...args) =>
  (/** @type {any} */ stage) =>
    stage.succeeds(process.execPath, args, { NODE_OPTIONS: "--experimental-vm-modules" }).then(() => {});

const JEST = ["--ci", "--rootDir=.", "--no-cache", `--testEnvironment=${tool("jest-environment-node")}`];

cells(
  "fake timers",
  {
    "fake timers of Vitest": runs(tool("vitest/vitest.mjs"), "run", "--globals", "vitest-timers.spec.mjs"),
    "fake timers of Jest": runs(
      tool("jest/bin/jest.js"),
      ...JEST,
      "--runTestsByPath",
      "jest-timers.spec.mjs",
    ),
    "fake timers of `node:test`": runs("--test", "node-timers.mjs"),
    "fake timers of sinon": runs("sinon-timers.mjs"),
  },
  {
    prepare({ folder }) {
      const to = join(folder, "node_modules/@sinonjs");
      mkdirSync(to);
      symlinkSync(tool("@sinonjs/fake-timers"), join(to, "fake-timers"), "junction");
    },
  },
);
