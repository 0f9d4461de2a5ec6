/** A clock that counts: on the dashboard as text, and as a card of the app's own. */

/** Writes at each `period` (ms) until it is told to stop. */
export function dashboard(session, period = 1000) {
  let count = 0;
  const write = () => {
    count++;
    session.dashboard.content.write(`${count} updates`, ["main"]);
    session.layouts.showDashboardCard("Updates", String(count));
  };
  const timer = setInterval(() => {
    // Where there is no connection, one package keeps the newest and the other throws.
    try {
      write();
    } catch {
      // The next second has a newer one.
    }
  }, period);
  return { stop: () => clearInterval(timer), count: () => count };
}
