/**
 * Binary data as a string of printable ASCII, for a module that carries its wasm in itself.
 *
 * Letters and spaces stand for themselves, and the most frequent other bytes are one character
 * each; the rest are two. A compressor still sees whole bytes, so the text compresses almost as
 * well as the data does. Base64 splits bytes across characters, which costs 30 %.
 *
 * @typedef {object} Inlined
 * @property {number[]} gaps differences between the byte values that one character encodes,
 *   without letters and spaces
 * @property {string} text
 */

/** Code from which a character begins a pair. */
const PAIRS = 125;
/** Codes of the characters before that without the quote and the backslash, which a string would escape. */
const CODES = [...Array(PAIRS).keys()].filter((code) => code > 31 && code !== 34 && code !== 92);

/** Where the text is in the memory of the decoder: behind the bytes by their numbers. */
const TEXT = 128 * 128;
/** Size of that memory, of which a system provides what is used. */
const MEMORY = 127 * 65_536;

/** @param {number} code */
const isLetter = (code) => /[a-z ]/i.test(String.fromCharCode(code));

/**
 * The number of each byte: the code of its character, or 128 times that of the first of its pair and
 * the code of the second.
 * @param {number[]} gaps
 */
function numbers(gaps) {
  let byte = 0;
  const frequent = gaps.map((gap) => (byte += gap));
  /** @type {number[]} */
  const numbers = [];
  for (const code of CODES) numbers[isLetter(code) ? code : Number(frequent.shift())] = code;
  const { length } = CODES;
  for (let byte = 0, pair = PAIRS * length; byte < 256; byte++) {
    numbers[byte] ??= 128 * Math.floor(pair / length) + CODES[pair++ % length];
  }
  return numbers;
}

/**
 * @param {Uint8Array} bytes
 * @returns {Inlined}
 */
export function encode(bytes) {
  const count = new Array(256).fill(0);
  for (const byte of bytes) count[byte] += 1;
  const letters = CODES.filter(isLetter);
  const gaps = [...count.keys()]
    .filter((byte) => !letters.includes(byte))
    .sort((a, b) => count[b] - count[a])
    .slice(0, CODES.length - letters.length)
    .sort((a, b) => a - b)
    .map((byte, i, all) => byte - (all[i - 1] ?? 0));
  const codes = numbers(gaps).map((number) => (number < 128 ? [number] : [number >> 7, number % 128]));
  const length = bytes.reduce((sum, byte) => sum + codes[byte].length, 0);
  if (TEXT + length >= MEMORY) throw new RangeError("the wasm does not fit into the decoder");
  const text = Array.from(bytes, (byte) => String.fromCharCode(...codes[byte]));
  return { gaps, text: text.join("") };
}

/**
 * Wasm that decodes. A page decodes once, and the engine runs a loop in JavaScript uncompiled for most of
 * the text, which takes 3 to 6 ms; this loop takes a fraction of one. All its bytes are ASCII.
 *
 * ```wat
 * (memory (export "a") 127)
 * (func (export "b") (param $at i32) (param $to i32) (result i32)
 *   (local $first i32) (local $code i32) (local $isFirst i32)
 *   (loop $next
 *     (i32.store8 (local.get $to)
 *       (i32.load8_u (i32.add (local.get $first) (local.tee $code (i32.load8_u (local.get $at))))))
 *     (local.set $first (i32.mul (i32.shl (local.get $code) (i32.const 7))
 *       ;; 1 for a code of 125 or more
 *       (local.tee $isFirst (i32.shr_u (i32.add (local.get $code) (i32.const 3)) (i32.const 7)))))
 *     (local.set $to (i32.sub (i32.add (local.get $to) (i32.const 1)) (local.get $isFirst)))
 *     (local.set $at (i32.add (local.get $at) (i32.const 1)))
 *     ;; the zero after the text is the last one
 *     (br_if $next (local.get $code)))
 *   (local.get $to))
 * ```
 */
const DECODER =
  "\0asm\x01\0\0\0\x01\x07\x01`\x02\x7f\x7f\x01\x7f\x03\x02\x01\0\x05\x03\x01\0\x7f\x07\x09\x02\x01a\x02\0\x01b" +
  '\0\0\nD\x01B\x01\x03\x7f\x03@ \x01 \x02 \0-\0\0"\x03j-\0\0:\0\0 \x03A\x07t \x03A\x03jA\x07v"\x04l!\x02' +
  " \x01A\x01j \x04k!\x01 \0A\x01j!\0 \x03\r\0\x0b \x01\x0b";

/**
 * @param {Inlined} inlined
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function decode({ gaps, text }) {
  const encoder = new TextEncoder();
  const module = new WebAssembly.Module(encoder.encode(DECODER));
  const { a, b } = /** @type {any} */ (new WebAssembly.Instance(module).exports);
  const memory = new Uint8Array(a.buffer);
  numbers(gaps).forEach((number, byte) => (memory[number] = byte));
  encoder.encodeInto(text, memory.subarray(TEXT));
  return memory.subarray(TEXT, b(TEXT, TEXT) - 1);
}
