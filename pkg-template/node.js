/** The package in Node, which had no global WebSocket before version 22. */
import bytes from "bindgen:tpa_session_bg.wasm";
import { bring, setWebSocketImport } from "package:core";

export { TpaConnectionError, TpaRequestError, TpaSession } from "package:core";

bring(bytes);
// The catch tells bundlers that the package may be absent.
setWebSocketImport(() => import("ws").then((ws) => ws.default).catch(() => undefined));
