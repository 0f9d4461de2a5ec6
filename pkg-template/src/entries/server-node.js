/** Re-exports the CommonJS file, so that `import` and `require` share one copy of the server. */
import server from "./server.cjs";

export const { createTpaServer } = server;
