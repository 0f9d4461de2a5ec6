/** `tpa-session` for `require` outside Node. */
import bytes from "bindgen:tpa_session_bg.wasm";
import { setWasmSource } from "package:core";

export { TpaConnectionError, TpaSession } from "package:core";

setWasmSource(bytes);
