/** Runs the dashboard until Ctrl+C. */
import { packageName, startDashboard } from "./dashboard.js";

const session = await startDashboard({
  apiKey: process.env.API_KEY ?? "dev-key",
  augmentOSWebsocketUrl: process.env.CLOUD_URL ?? "ws://localhost:8002/tpa-ws",
  sessionId: `user1-${packageName}`,
  log: console.log,
});
process.once("SIGINT", () => session.disconnect({ releaseOwnership: true }));
