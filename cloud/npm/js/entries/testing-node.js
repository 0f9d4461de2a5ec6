/** Re-exports the CommonJS file, so that `import` and `require` share one class. */
import testing from "package:testing";

export const { TestCloud } = testing;
