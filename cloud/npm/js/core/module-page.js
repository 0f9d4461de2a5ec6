/** The compiled wasm in pages and workers. Loaded with this module, so that a cloud can be made at once. */
import { startError } from "./start-error.js";

const FILE = "tpa-cloud.wasm.deflate";

async function load() {
  // Bundlers find the file by this expression.
  const url = new URL("./tpa-cloud.wasm.deflate", import.meta.url);
  const response = await fetch(url).catch((/** @type {unknown} */ cause) => {
    throw new Error(`tpa-cloud: ${url} cannot be fetched; is its host in connect-src?`, { cause });
  });
  if (!response.ok) {
    throw new Error(
      `tpa-cloud: no wasm at ${url}: status ${response.status}; serve ${FILE} beside the script`,
    );
  }
  const wasm = /** @type {ReadableStream} */ (response.body).pipeThrough(
    new DecompressionStream("deflate-raw"),
  );
  const bytes = await new Response(wasm).arrayBuffer();
  try {
    return await WebAssembly.compile(bytes);
  } catch (cause) {
    throw startError(cause);
  }
}

const module = await load();

export default () => module;
