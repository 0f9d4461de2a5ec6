/** Live captions in a worker, which posts the texts that the page shows. */
import { TpaSession } from "tpa-session";

const packageName = "org.example.captions";
const session = new TpaSession({
  packageName,
  apiKey: "dev-key",
  augmentOSWebsocketUrl: new URL("/tpa-ws", location.href).href,
  maxReconnectAttempts: Infinity,
});

const show = (id, text) => postMessage({ id, text });

session.on("stateChange", ({ to }) => show("state", to));
session.events.onTranscriptionForLanguage("en-US", ({ text }) => {
  session.layouts.showTextWall(text);
  show("caption", text);
});
session.connect(`user1-${packageName}`).catch((error) => show("state", error.message));
