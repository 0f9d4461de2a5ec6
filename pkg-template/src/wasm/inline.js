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

/** Printable characters without the quote and the backslash, which a string would escape. */
const CHARACTERS = Array.from({ length: 95 }, (_, i) => String.fromCharCode(i + 32)).filter(
  (character) => !/["\\]/.test(character),
);
/** Number of characters that encode a byte each; the others begin a pair. */
const SINGLES = 91;

/** @param {string} character */
const isLetter = (character) => /[a-z ]/i.test(character);

/**
 * The code of each byte.
 * @param {number[]} gaps
 */
function codes(gaps) {
  let byte = 0;
  const frequent = gaps.map((gap) => (byte += gap)).values();
  /** @type {string[]} */
  const codes = [];
  for (const character of CHARACTERS.slice(0, SINGLES)) {
    codes[isLetter(character) ? character.charCodeAt(0) : Number(frequent.next().value)] = character;
  }
  const { length } = CHARACTERS;
  for (let byte = 0, pair = SINGLES * length; byte < 256; byte++) {
    codes[byte] ??= CHARACTERS[Math.floor(pair / length)] + CHARACTERS[pair++ % length];
  }
  return codes;
}

/**
 * @param {Uint8Array} bytes
 * @returns {Inlined}
 */
export function encode(bytes) {
  const count = new Array(256).fill(0);
  for (const byte of bytes) count[byte] += 1;
  const letters = CHARACTERS.slice(0, SINGLES).filter(isLetter);
  const gaps = [...count.keys()]
    .filter((byte) => !letters.includes(String.fromCharCode(byte)))
    .sort((a, b) => count[b] - count[a])
    .slice(0, SINGLES - letters.length)
    .sort((a, b) => a - b)
    .map((byte, i, all) => byte - (all[i - 1] ?? 0));
  const codeOf = codes(gaps);
  return { gaps, text: Array.from(bytes, (byte) => codeOf[byte]).join("") };
}

/**
 * @param {Inlined} inlined
 * @returns {Uint8Array}
 */
export function decode({ gaps, text }) {
  const byteOf = new Map(codes(gaps).map((code, byte) => [code, byte]));
  const bytes = new Uint8Array(text.length);
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    bytes[length++] = byteOf.get(text[i]) ?? byteOf.get(text[i] + text[++i]) ?? 0;
  }
  return bytes.subarray(0, length);
}
