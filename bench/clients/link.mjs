/** The built package where the clients find it by its name, as `npm link` would put it there. */
import { rmSync, symlinkSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** @param {string} pkg */
export function link(pkg) {
  const place = fileURLToPath(new URL("node_modules/tpa-session", import.meta.url));
  rmSync(place, { force: true, recursive: true });
  // A junction needs no rights on Windows; elsewhere the kind is ignored.
  symlinkSync(pkg, place, "junction");
}
