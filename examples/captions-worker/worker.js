/** The session, in a worker: the page hears only what it shows. */
import { TpaSession } from "tpa-session";

const packageName = "org.example.captions";
const session = new TpaSession({
  packageName,
  apiKey: "dev-key",
  augmentOSWebsocketUrl: new URL("/tpa-ws", location.href).href,
  maxReconnectAttempts: Infinity,
});

const tell = (id, text) => postMessage({ id, text });

session.on("stateChange", ({ to }) => tell("state", to));
session.events.onTranscriptionForLanguage("en-US", ({ text }) => {
  session.layouts.showTextWall(text);
  tell("caption", text);
});
session.connect(`user1-${packageName}`).catch((error) => tell("state", error.message));
