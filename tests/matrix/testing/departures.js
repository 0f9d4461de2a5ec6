/** Minutes until the next bus on the glasses, every ten seconds and after each connect. */
export function showDepartures(session, minutesLeft) {
  const show = () => session.layouts.showReferenceCard("Line 7", `${minutesLeft()} min`);
  const timer = setInterval(show, 10_000);
  session.on("connected", show);
  session.on("disconnected", ({ permanent }) => permanent && clearInterval(timer));
}
