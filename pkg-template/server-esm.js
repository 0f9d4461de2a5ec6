/** One copy of the server for `import` and `require` alike. */
import server from "./server.cjs";

export const { createTpaServer } = server;
