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
  const text = Array.from(bytes, (byte) => String.fromCharCode(...codes[byte]));
  return { gaps, text: text.join("") };
}

/**
 * A page decodes once, before its engine has compiled the loop, so that it has little to do for each byte.
 * @param {Inlined} inlined
 * @returns {Uint8Array}
 */
export function decode({ gaps, text }) {
  const byteOf = new Uint8Array(128 * 128);
  numbers(gaps).forEach((number, byte) => (byteOf[number] = byte));
  const bytes = new TextEncoder().encode(text);
  let length = 0;
  let first = 0;
  for (let i = 0; i < bytes.length; i++) {
    const code = bytes[i];
    if (code < PAIRS) {
      bytes[length++] = byteOf[first + code];
      first = 0;
    } else first = 128 * code;
  }
  return bytes.subarray(0, length);
}
