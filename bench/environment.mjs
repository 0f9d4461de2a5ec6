/** Machine and versions of a run. */
import { cpus, platform, release, totalmem } from "node:os";

import { CLIENTS } from "./clients/index.mjs";
import { versionOf } from "./measures/size.mjs";

/**
 * @param {string} [chromium] version of Chromium, if it takes part
 * @returns {{ machine: string, versions: Record<string, string> }}
 */
export function environment(chromium) {
  const memory = Math.round(totalmem() / 2 ** 30);
  return {
    machine: `${cpus().length} × ${cpus()[0]?.model}, ${memory} GiB, ${platform()} ${release()}`,
    versions: {
      Node: process.version.slice(1),
      V8: process.versions.v8,
      ...(chromium && { Chromium: chromium }),
      ...Object.fromEntries(
        CLIENTS.flatMap((client) => (client.package ? [[client.package, versionOf(client.package)]] : [])),
      ),
    },
  };
}
