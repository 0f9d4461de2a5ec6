/** Worker with a session; posts the events of the connection. */
import { TpaSession } from "/pkg/index.js";

const packageName = "org.example.worker";
const session = new TpaSession({
  packageName,
  apiKey: "dev-key",
  augmentOSWebsocketUrl: `${location.origin}/tpa-ws`,
  reconnectDelay: 20,
  logLevel: "silent",
});
for (const event of ["connected", "disconnected"]) session.on(event, () => postMessage(event));
session.connect(`user-${packageName}`);
