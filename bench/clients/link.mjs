/** Link to the built package in the clients' `node_modules`, as `npm link` makes it. */
import { rmSync, symlinkSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** @param {string} pkg folder of the built package */
export function link(pkg) {
  const place = fileURLToPath(new URL("node_modules/tpa-session", import.meta.url));
  rmSync(place, { force: true, recursive: true });
  // On Windows a junction requires no privileges; other systems ignore the type.
  symlinkSync(pkg, place, "junction");
}
