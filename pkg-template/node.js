/** The package in Node, which had no global WebSocket before version 22. */
import "package:node-globals";

import bytes from "bindgen:tpa_session_bg.wasm";
import { bring, setWebSocketImport } from "package:core";

export { TpaConnectionError, TpaSession } from "package:core";

bring(bytes);
// In a try, which tells bundlers that the package may be absent. By require(), which Jest has
// without a flag; by import() where a bundle is a module and leaves the package out.
setWebSocketImport(async () => {
  try {
    return require("ws");
  } catch {
    try {
      return (await import("ws")).default;
    } catch {
      return undefined;
    }
  }
});
