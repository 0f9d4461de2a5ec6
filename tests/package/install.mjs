/** Installs the packed package for all tests of a run: `node install.mjs FOLDER`. */
import { rmSync } from "node:fs";

import { installAll } from "./support.mjs";

const folder = process.argv[2] ?? "";
rmSync(folder, { recursive: true, force: true });
installAll(folder);
