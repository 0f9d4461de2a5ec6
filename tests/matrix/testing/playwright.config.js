import { defineConfig } from "@playwright/test";

export default defineConfig({
  testMatch: "*.spec.js",
  use: { baseURL: "http://127.0.0.1:4173" },
  webServer: {
    command: "npx esbuild --servedir=dist --serve=127.0.0.1:4173",
    url: "http://127.0.0.1:4173",
  },
});
