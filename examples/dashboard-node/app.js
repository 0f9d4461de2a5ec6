/** Dashboard that is updated every second, with or without a connection. */
import { TpaSession } from "tpa-session";

const packageName = "org.example.clock";
const session = new TpaSession({
  packageName,
  apiKey: "dev-key",
  augmentOSWebsocketUrl: process.env.CLOUD_URL ?? "ws://localhost:8002/tpa-ws",
  maxReconnectAttempts: Infinity,
});

session.on("stateChange", ({ to }) => console.log(to));
session.events.onGlassesBattery(({ level }) => console.log(`glasses at ${level} %`));

await session.connect(`user1-${packageName}`);
const clock = setInterval(() => {
  const time = new Date().toLocaleTimeString("en-GB");
  const card = session.layouts.showDashboardCard(time, session.settings.get("greeting", "hello"));
  console.log(time, card, session.dashboard.content.writeToMain(time));
}, 1000);

session.events.onDisconnected(({ permanent }) => permanent && clearInterval(clock));
process.once("SIGINT", () => session.disconnect({ releaseOwnership: true }));
