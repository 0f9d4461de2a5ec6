/** Page of the captions. */
import { packageName, startCaptions } from "./captions.js";

const write = (id) => (text) => (document.getElementById(id).textContent = text);

startCaptions({
  apiKey: "dev-key",
  augmentOSWebsocketUrl: new URL("/tpa-ws", location.href).href,
  sessionId: `user1-${packageName}`,
  onCaption: write("caption"),
  onState: write("state"),
});
