/** Dashboard that is updated every second, with or without a connection. */
import { TpaSession } from "tpa-session";

export const packageName = "org.example.clock";

export async function startDashboard({ sessionId, log, ...options }) {
  const session = new TpaSession({ packageName, maxReconnectAttempts: Infinity, ...options });
  session.on("stateChange", ({ to }) => log(to));
  session.events.onGlassesBattery(({ level }) => log(`glasses at ${level} %`));

  await session.connect(sessionId);
  const clock = setInterval(() => {
    const time = new Date().toLocaleTimeString("en-GB");
    const card = session.layouts.showDashboardCard(time, session.settings.get("greeting", "hello"));
    log(time, card, session.dashboard.content.writeToMain(time));
  }, 1000);
  session.events.onDisconnected(({ permanent }) => permanent && clearInterval(clock));
  return session;
}
