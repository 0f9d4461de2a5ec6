/** The package where there is a global WebSocket: browsers, workers, bundlers. */
import bytes from "bindgen:tpa_session_bg.wasm";

import { bring } from "./wasm.js";

export { TpaConnectionError, TpaSession } from "./session.js";

bring(bytes);
