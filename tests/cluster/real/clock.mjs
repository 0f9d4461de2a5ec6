/** A wall clock of one program that can be set, by a library that is loaded before the one of C. Linux only. */
import { execFile } from "node:child_process";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const SOURCE = fileURLToPath(new URL("clock.c", import.meta.url));

export class Clock {
  #folder;
  #file;

  /** @param {string} folder @param {import("node:fs/promises").FileHandle} file */
  constructor(folder, file) {
    this.#folder = folder;
    this.#file = file;
  }

  static async create() {
    const folder = await mkdtemp(join(tmpdir(), "tpa-clock-"));
    await run("cc", ["-O1", "-shared", "-fPIC", "-o", join(folder, "clock.so"), SOURCE]);
    const clock = new Clock(folder, await open(join(folder, "offset"), "w+"));
    await clock.set(0);
    return clock;
  }

  /** Variables of the program that it belongs to. */
  get env() {
    return { LD_PRELOAD: join(this.#folder, "clock.so"), CLOCK_OFFSET: join(this.#folder, "offset") };
  }

  /** Sets it to the clock of this machine and some more. @param {number} ms */
  async set(ms) {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(ms));
    await this.#file.write(bytes, 0, bytes.length, 0);
  }

  async remove() {
    await this.#file.close();
    await rm(this.#folder, { recursive: true });
  }
}
