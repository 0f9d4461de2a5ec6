/** `load()` of `tpa-session/manual`: instantiates a wasm file that the app provides. */
import { size } from "package:wasm-size";

import { explained } from "./wasm-errors.js";
import { bring, run } from "./instance.js";

bring(() => {
  throw new Error("tpa-session: the wasm is not loaded; await load(…) of tpa-session/manual first");
});

/** How a module of wasm begins. */
const MAGIC = [0, 0x61, 0x73, 0x6d];

/** @type {Promise<void> | undefined} one that succeeded, or is under way */
let loading;

/**
 * Makes the wasm run; sessions can be made after it. Once is enough, and more is no harm.
 * @param {any} source
 */
export function load(source) {
  loading ??= take(source).catch((error) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

async function take(promised) {
  if (typeof WebAssembly === "undefined") throw explained(new Error("no WebAssembly"));
  let given = await promised;
  if (typeof given === "string" || given instanceof URL || isRequest(given)) given = await get(given);
  if (typeof given?.arrayBuffer === "function") given = await body(given);
  const module = given instanceof WebAssembly.Module ? given : WebAssembly.compile(checked(given));
  try {
    run(await module);
  } catch (error) {
    // What it wants is not there.
    const isOther = error instanceof WebAssembly.LinkError || error instanceof TypeError;
    throw isOther
      ? new Refused("the wasm is that of another version of tpa-session", error)
      : explained(error);
  }
}

class Refused extends Error {
  constructor(why, cause) {
    super(`tpa-session: ${why}`, { cause });
    this.name = "Error";
  }
}

const isRequest = (given) => typeof Request === "function" && given instanceof Request;

async function get(source) {
  const where = String(source.url ?? source);
  try {
    return await fetch(source);
  } catch (error) {
    throw new Refused(`the wasm cannot be fetched from ${where}; is its host in connect-src?`, error);
  }
}

async function body(response) {
  const { ok = true, status, url = "" } = response;
  if (!ok) throw new Refused(`no wasm at ${url}: status ${status}; serve tpa-session.wasm there`);
  const bytes = new Uint8Array(await whole(response, url));
  const type = response.headers?.get("content-type");
  // By what it is and not by its type, which many servers do not know.
  if (!isWasm(bytes))
    throw new Refused(`what ${url} answers is no wasm but ${type}; serve tpa-session.wasm there`);
  return bytes;
}

async function whole(response, url) {
  if (response.bodyUsed) throw new Refused("the Response was read before; give one that nobody has read");
  try {
    return await response.arrayBuffer();
  } catch (error) {
    throw new Refused(`the wasm from ${url} broke off on its way; load it again`, error);
  }
}

const isWasm = (bytes) => MAGIC.every((byte, at) => bytes[at] === byte);

/** @param {any} given bytes of the wasm */
function checked(given) {
  if (!(given instanceof ArrayBuffer) && !ArrayBuffer.isView(given)) {
    throw new TypeError("source: must be a URL, a Request, a Response, bytes or a WebAssembly.Module");
  }
  const bytes = ArrayBuffer.isView(given)
    ? new Uint8Array(given.buffer, given.byteOffset, given.byteLength)
    : new Uint8Array(given);
  if (!isWasm(bytes)) throw new Refused("what was given is no wasm; give tpa-session.wasm");
  if (bytes.length < size) {
    const found = `${bytes.length} bytes of ${size}`;
    throw new Refused(`the wasm is cut short: ${found}; serve all of tpa-session.wasm`);
  }
  return bytes;
}
