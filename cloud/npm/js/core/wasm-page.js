/** The wasm where a module can import another one. */
import { inflateSync } from "fflate";
import inlined from "package:wasm.js";

// Synchronous, so that a cloud can be made without waiting; a page's own decompression is not.
export default () => inflateSync(Uint8Array.from(atob(inlined), (char) => char.charCodeAt(0)));
