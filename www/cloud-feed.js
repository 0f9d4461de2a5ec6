/**
 * What the cloud has received for one session, as it tells everybody: a first look at
 * `/sessions`, then each change from `/events`.
 *
 * @typedef {{ type: "display", view: string, layout: Record<string, any> }} Display
 * @typedef {{ type: "dashboard", content: string }} DashboardLine
 */

/**
 * @param {string} sessionId
 * @param {(received: Display | DashboardLine, isNew: boolean) => void} received
 */
export function followCloud(sessionId, received) {
  const feed = new EventSource("/events");
  // At every opening, the first and those after a loss: what was missed is in the snapshot.
  feed.addEventListener("open", () => snapshot(sessionId, received));
  feed.addEventListener("message", ({ data }) => {
    const event = JSON.parse(data);
    // The cloud had more to tell than this page could take.
    if (event.type === "lagged") snapshot(sessionId, received);
    if (event.sessionId !== sessionId) return;
    if (event.type === "display" || event.type === "dashboard") received(event, true);
  });
}

/**
 * @param {string} sessionId
 * @param {(received: Display, isNew: boolean) => void} received
 */
async function snapshot(sessionId, received) {
  const user = sessionId.slice(0, sessionId.indexOf("-"));
  // A cloud that has gone away in the meantime is asked again when the feed opens again.
  const sessions = await fetch("/sessions")
    .then((response) => response.json())
    .catch(() => []);
  const own = sessions.find((/** @type {any} */ session) => session.userSessionId === user);
  for (const [view, layout] of Object.entries(own?.displays ?? {})) {
    received({ type: "display", view, layout }, false);
  }
}
