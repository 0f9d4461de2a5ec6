/** Loads the wasm and runs it, which a page's policy may not allow in the page itself. */
import start from "./captions-yew.js";

start();
