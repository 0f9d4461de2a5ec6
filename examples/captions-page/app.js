/** Live captions: shows transcribed speech on the glasses and in the page. */
import { TpaSession } from "tpa-session";

const packageName = "org.example.captions";
const session = new TpaSession({
  packageName,
  apiKey: "dev-key",
  augmentOSWebsocketUrl: new URL("/tpa-ws", location.href).href,
  maxReconnectAttempts: Infinity,
});

const write = (id, text) => (document.getElementById(id).textContent = text);

session.on("stateChange", ({ to }) => write("state", to));
session.events.onTranscriptionForLanguage("en-US", ({ text }) => {
  session.layouts.showTextWall(text);
  write("caption", text);
});
session.connect(`user1-${packageName}`).catch((error) => write("state", error.message));
