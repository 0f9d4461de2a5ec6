/**
 * What the cloud has received for one session, as it tells everybody: a first look at
 * `/sessions`, then each change from `/events`.
 *
 * @typedef {{ type: "display", view: string, layout: Record<string, any> }} Display
 * @typedef {{ type: "dashboard", content: string }} DashboardLine
 * @typedef {{ type: "fault", fault: string, connections: string[], forMs?: number }} FaultDone
 * @typedef {{ type: "scenario", name: string, phase: "started" | "ended" | "stopped" }} ScenarioPhase
 */

/**
 * @param {string} sessionId
 * @param {{
 *   received(what: Display | DashboardLine, isNew: boolean): void,
 *   fault(done: FaultDone): void,
 *   scenario(phase: ScenarioPhase): void,
 * }} listener
 */
export function followCloud(sessionId, listener) {
  const feed = new EventSource("/events");
  // At every opening, the first and those after a loss: what was missed is in the snapshot.
  feed.addEventListener("open", () => snapshot(sessionId, listener));
  feed.addEventListener("message", ({ data }) => {
    const event = JSON.parse(data);
    if (event.type === "fault") listener.fault(event);
    if (event.type === "scenario") listener.scenario(event);
    // The cloud had more to tell than this page could take.
    if (event.type === "lagged") snapshot(sessionId, listener);
    if (event.sessionId !== sessionId) return;
    if (event.type === "display" || event.type === "dashboard") listener.received(event, true);
  });
}

/**
 * @param {string} sessionId
 * @param {{ received(what: Display, isNew: boolean): void }} listener
 */
async function snapshot(sessionId, listener) {
  const user = sessionId.slice(0, sessionId.indexOf("-"));
  // A cloud that has gone away in the meantime is asked again when the feed opens again.
  const sessions = await fetch("/sessions")
    .then((response) => response.json())
    .catch(() => []);
  const own = sessions.find((/** @type {any} */ session) => session.userSessionId === user);
  for (const [view, layout] of Object.entries(own?.displays ?? {})) {
    listener.received({ type: "display", view, layout }, false);
  }
}
