/** `load()` of `tpa-session/manual`: instantiates a wasm file that the app provides. */
import { size } from "package:wasm-size";

import { instantiate, setWasmSource } from "./instance.js";
import { startError } from "./wasm-errors.js";

setWasmSource(() => {
  throw new Error("tpa-session: the wasm is not loaded; await load(…) of tpa-session/manual first");
});

/** First bytes of every wasm file. */
const MAGIC = [0, 0x61, 0x73, 0x6d];

/** @type {Promise<void> | undefined} the load that succeeded or is in progress */
let loading;

/**
 * Instantiates the wasm, after which sessions can be made. Later calls have no effect once one has
 * succeeded.
 *
 * @param {any} source
 */
export function load(source) {
  loading ??= instantiateFrom(source).catch((error) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

class LoadError extends Error {
  constructor(why, cause) {
    super(`tpa-session: ${why}`, { cause });
    this.name = "Error";
  }
}

async function instantiateFrom(source) {
  if (typeof WebAssembly === "undefined") throw startError(new Error("no WebAssembly"));
  let given = await source;
  if (typeof given === "string" || given instanceof URL || isRequest(given)) given = await download(given);
  if (typeof given?.arrayBuffer === "function") given = await bodyOf(given);
  const module = given instanceof WebAssembly.Module ? given : WebAssembly.compile(validBytes(given));
  try {
    instantiate(await module);
  } catch (error) {
    // Thrown when the wasm imports other functions than this version provides.
    const isOtherVersion = error instanceof WebAssembly.LinkError || error instanceof TypeError;
    throw isOtherVersion
      ? new LoadError("the wasm is that of another version of tpa-session", error)
      : startError(error);
  }
}

const isRequest = (given) => typeof Request === "function" && given instanceof Request;

async function download(source) {
  const where = String(source.url ?? source);
  try {
    return await fetch(source);
  } catch (error) {
    throw new LoadError(`the wasm cannot be fetched from ${where}; is its host in connect-src?`, error);
  }
}

async function bodyOf(response) {
  const { ok = true, status, url = "" } = response;
  if (!ok) throw new LoadError(`no wasm at ${url}: status ${status}; serve tpa-session.wasm there`);
  const bytes = new Uint8Array(await readAll(response, url));
  const type = response.headers?.get("content-type");
  // Checked by content: many servers do not know the media type.
  if (!isWasm(bytes))
    throw new LoadError(`what ${url} answers is no wasm but ${type}; serve tpa-session.wasm there`);
  return bytes;
}

async function readAll(response, url) {
  if (response.bodyUsed) throw new LoadError("the Response was read before; give one that nobody has read");
  try {
    return await response.arrayBuffer();
  } catch (error) {
    throw new LoadError(`the wasm from ${url} broke off on its way; load it again`, error);
  }
}

const isWasm = (bytes) => MAGIC.every((byte, at) => bytes[at] === byte);

/**
 * The bytes of a complete wasm file.
 * @param {any} given
 */
function validBytes(given) {
  if (!(given instanceof ArrayBuffer) && !ArrayBuffer.isView(given)) {
    throw new TypeError("source: must be a URL, a Request, a Response, bytes or a WebAssembly.Module");
  }
  const bytes = ArrayBuffer.isView(given)
    ? new Uint8Array(given.buffer, given.byteOffset, given.byteLength)
    : new Uint8Array(given);
  if (!isWasm(bytes)) throw new LoadError("what was given is no wasm; give tpa-session.wasm");
  if (bytes.length < size) {
    const found = `${bytes.length} bytes of ${size}`;
    throw new LoadError(`the wasm is cut short: ${found}; serve all of tpa-session.wasm`);
  }
  return bytes;
}
