/** Re-exports the CommonJS file, so that `import` and `require` share one instance. */
import core from "package:core";

export const { Cloud, readToml } = core;
