/** `tpa-session/manual`: the app provides the wasm, the file `tpa-session.wasm`. */
import { bring } from "../wasm/instance.js";

export { TpaConnectionError, TpaSession } from "../session/index.js";
export { load } from "../wasm/load.js";

bring(() => {
  throw new Error("tpa-session: the wasm is not loaded; await load(…) of tpa-session/manual first");
});
