/** A session in a page, and what the browser reports about the network. */
import { TpaSession } from "/pkg/index.js";

window.reports = [];
const report = (event, details = {}) => window.reports.push({ event, at: Date.now(), ...details });
const session = new TpaSession({
  packageName: "org.network.online",
  apiKey: "dev-key",
  augmentOSWebsocketUrl: `${location.origin.replace("http", "ws")}/tpa-ws`,
  logLevel: "silent",
});
for (const event of ["online", "offline"]) addEventListener(event, () => report(event));
session.on("connected", () => report("connected"));
session.on("disconnected", ({ code, permanent }) => report("disconnected", { code, permanent }));
session.on("reconnecting", ({ counted, cause, delay }) =>
  report("reconnecting", { counted, kind: cause.kind, delay }),
);
session.connect("user-org.network.online");
