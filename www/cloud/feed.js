/**
 * State that the cloud has received for one session: a snapshot from `/sessions`, then changes
 * from `/events`.
 *
 * @typedef {{ type: "display", view: string, layout: Record<string, any> }} Display
 * @typedef {{ type: "dashboard", content: string }} DashboardLine
 * @typedef {import("../fault-catalog.js").Direction} Direction
 * @typedef {{ type: "fault", fault: string, direction?: Direction, connections: string[], forMs?: number }} FaultApplied
 * @typedef {{ type: "scenario", name: string, phase: "started" | "ended" | "stopped" }} ScenarioPhase
 */

/**
 * @param {import("./client.js").CloudClient} cloud
 * @param {string} sessionId
 * @param {{
 *   received(content: Display | DashboardLine, isNew: boolean): void,
 *   fault(fault: FaultApplied): void,
 *   scenario(phase: ScenarioPhase): void,
 * }} listener
 */
export function followCloud(cloud, sessionId, listener) {
  cloud.follow({
    // After a reconnect too: the snapshot has the changes that the feed missed.
    open: () => snapshot(cloud, sessionId, listener),
    event(event) {
      if (event.type === "fault") listener.fault(event);
      if (event.type === "scenario") listener.scenario(event);
      // The cloud dropped events because this page reads too slowly.
      if (event.type === "lagged") snapshot(cloud, sessionId, listener);
      if (event.sessionId !== sessionId) return;
      if (event.type === "display" || event.type === "dashboard") listener.received(event, true);
    },
  });
}

/**
 * @param {import("./client.js").CloudClient} cloud
 * @param {string} sessionId
 * @param {{ received(content: Display, isNew: boolean): void }} listener
 */
async function snapshot(cloud, sessionId, listener) {
  const user = sessionId.slice(0, sessionId.indexOf("-"));
  // A failure needs no retry here: the feed opens again once the cloud is back.
  const sessions = await cloud.call("GET", "/sessions").catch(() => []);
  const own = sessions.find((/** @type {any} */ session) => session.userSessionId === user);
  for (const [view, layout] of Object.entries(own?.displays ?? {})) {
    listener.received({ type: "display", view, layout }, false);
  }
}
