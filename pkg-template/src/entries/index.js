/** `tpa-session` where a global WebSocket exists: browsers, workers, bundlers. */
import bytes from "bindgen:tpa_session_bg.wasm";

import { setWasmSource } from "../wasm/instance.js";

export { TpaConnectionError, TpaSession } from "../session/index.js";

setWasmSource(bytes);
