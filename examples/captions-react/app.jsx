/** Live captions in React. */
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { useCaptions } from "./use-captions.js";

const packageName = "org.example.captions";
const app = {
  packageName,
  apiKey: "dev-key",
  augmentOSWebsocketUrl: new URL("/tpa-ws", location.href).href,
  sessionId: `user1-${packageName}`,
};

function Captions() {
  const { caption, state } = useCaptions(app);
  return (
    <>
      <h1>Live captions</h1>
      <p id="state" role="status">
        {state}
      </p>
      <p id="caption">{caption}</p>
    </>
  );
}

createRoot(document.getElementById("root")).render(
  <StrictMode>
    <Captions />
  </StrictMode>,
);
