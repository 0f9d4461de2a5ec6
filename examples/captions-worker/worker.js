/** Live captions in a worker, which posts the texts that the page shows. */
import { packageName, startCaptions } from "./captions.js";

const show = (id) => (text) => postMessage({ id, text });

startCaptions({
  apiKey: "dev-key",
  augmentOSWebsocketUrl: new URL("/tpa-ws", location.href).href,
  sessionId: `user1-${packageName}`,
  onCaption: show("caption"),
  onState: show("state"),
});
