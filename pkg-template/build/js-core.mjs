/** The core as plain JavaScript, made from the wasm of the package by binaryen. */
import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { minify } from "terser";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const binaryen = join(root, "node_modules/binaryen/bin");

/** Features that the wasm uses; its section that names them is stripped. */
const FEATURES = ["bulk-memory", "bulk-memory-opt", "mutable-globals"];
/** Features that wasm2js cannot translate, and the passes that replace them. */
const LOWERED = ["nontrapping-float-to-int", "sign-ext"];
const LOWERING = ["--llvm-nontrapping-fptoint-lowering", "--signext-lowering"];

/**
 * Makes a CommonJS module whose export `instantiate` is a function: it takes the imports of the wasm and `grown`,
 * which is called when the memory is another buffer, and returns the exports of the wasm.
 *
 * @param {string} wasm file
 * @param {{ dev: boolean }} options
 * @returns {Promise<string>} source of the module
 */
export async function jsCore(wasm, { dev }) {
  const folder = await mkdtemp(join(tmpdir(), "tpa-session-js-core-"));
  try {
    const lowered = join(folder, "lowered.wasm");
    const output = join(folder, "core.js");
    run("wasm-opt", [...enable([...FEATURES, ...LOWERED]), ...LOWERING, wasm, "-o", lowered]);
    run("wasm2js", [...enable(FEATURES), dev ? "-O1" : "-Oz", lowered, "-o", output]);
    const source = asFactory(await readFile(output, "utf8"));
    return dev ? source : await minified(source);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** @param {string} program @param {string[]} args */
function run(program, args) {
  execFileSync(process.execPath, [join(binaryen, program), ...args], {
    stdio: ["ignore", "ignore", "inherit"],
  });
}

/** @param {string[]} features */
const enable = (features) => features.map((feature) => `--enable-${feature}`);

/**
 * Turns the module of wasm2js, which starts when it is imported, into a factory.
 * @param {string} code
 */
function asFactory(code) {
  let factory = code.replace(/^import \* as .*$/gm, "").replace(/^export var .*$/gm, "");
  factory = replaced(factory, /^var retasmFunc = asmFunc\(\{[^}]*\}\);$/m, "exports.instantiate = asmFunc;");
  // The buffer of a JavaScript memory is not detached when it is replaced, which the glue relies on.
  factory = replaced(factory, /^ *buffer = newBuffer;$/m, "buffer = newBuffer;\nimports.grown();");
  factory = replaced(factory, /^ *var base64ReverseLookup[^]*?(?=^function initActiveSegments)/m, WRITE_TEXT);
  // Texts compress better than their base64, by 1,100 bytes in brotli.
  return factory.replace(
    /base64DecodeToExistingUint8Array\((.*), "(.*)"\)/g,
    (_, place, data) => `writeText(${place}, ${literal(Buffer.from(data, "base64"))})`,
  );
}

/** Writes bytes that are given as the characters of a text. */
const WRITE_TEXT = `
function writeText(bytes, offset, text) {
  for (var i = 0; i < text.length; i++) bytes[offset + i] = text.charCodeAt(i);
}
`;

/** @param {Buffer} bytes */
const literal = (bytes) => JSON.stringify(bytes.toString("latin1"));

/**
 * Replaces what must occur exactly once, so that another version of wasm2js is noticed.
 * @param {string} code
 * @param {RegExp} pattern
 * @param {string} by
 */
function replaced(code, pattern, by) {
  const parts = code.split(pattern);
  if (parts.length !== 2) throw new Error(`wasm2js: ${parts.length - 1} matches of ${pattern}, not 1`);
  return parts.join(by);
}

/** @param {string} source */
async function minified(source) {
  const { code = "" } = await minify(source, {
    toplevel: true,
    ecma: 2020,
    compress: { passes: 3 },
    format: { ascii_only: true, comments: false },
  });
  return `${code}\n`;
}
