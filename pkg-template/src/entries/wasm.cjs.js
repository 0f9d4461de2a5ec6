/** The wasm as text, for `require` outside Node and for bundles, which have no files beside them. */
export { default as bytes } from "bindgen:tpa_session_bg.wasm";
