/** `tpa-session` in Node, which has no global WebSocket before version 22. */
import "package:node-globals";

import { runtime, setWasmSource } from "package:core";

import { awaitTimers, watchAddresses } from "../platform/node-environment.js";
import { loadWebSocket, webSocket } from "../platform/node-sockets.js";
import { wasmFile } from "../platform/node-wasm.js";

export { TpaConnectionError, TpaSession } from "package:core";

// A bundle in ESM has no file name.
const thisFile = typeof __filename === "string" ? __filename : "";
setWasmSource(() => wasmFile(thisFile) ?? require("package:wasm").bytes());
Object.assign(runtime, { webSocket, watchAddresses, awaitTimers });
// The try tells bundlers that `ws` is optional. require() comes first because Jest supports it
// without a flag; import() serves bundles in ESM, where `ws` is external.
runtime.loadWebSocket = () =>
  loadWebSocket(async () => {
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
