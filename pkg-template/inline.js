/**
 * Bytes as strings of JavaScript in plain ASCII, for a module that carries its wasm in itself.
 *
 * Letters and the most frequent other bytes are one character each, the rest are two. Base64
 * would cut across the bytes, which costs a compressor a third of its success; this costs it a
 * sixtieth.
 *
 * @typedef {object} Inlined
 * @property {number[]} frequent the bytes that are one character each and no letters
 * @property {string[]} texts
 */

/** All printable characters but the quote and the backslash, which a string would escape. */
const CHARACTERS = Array.from({ length: 95 }, (_, i) => String.fromCharCode(i + 32)).filter(
  (character) => !/["\\]/.test(character),
);
/** So many of them are a byte each; the others begin a pair. */
const SINGLES = 91;

/** @param {string} character */
const isLetter = (character) => /[a-z ]/i.test(character);

/**
 * What stands for each byte. Letters stand for themselves, since texts compress best as texts.
 *
 * @param {number[]} frequent
 */
function codes(frequent) {
  const left = [...frequent];
  /** @type {string[]} */
  const codes = [];
  for (const character of CHARACTERS.slice(0, SINGLES)) {
    codes[isLetter(character) ? character.charCodeAt(0) : (left.shift() ?? 0)] = character;
  }
  const { length } = CHARACTERS;
  for (let byte = 0, pair = SINGLES * length; byte < 256; byte++) {
    codes[byte] ??= CHARACTERS[Math.floor(pair / length)] + CHARACTERS[pair++ % length];
  }
  return codes;
}

/**
 * @param {Uint8Array[]} parts
 * @returns {Inlined}
 */
export function encode(parts) {
  const count = new Array(256).fill(0);
  for (const part of parts) for (const byte of part) count[byte] += 1;
  const letters = CHARACTERS.filter(isLetter);
  const frequent = [...count.keys()]
    .filter((byte) => !isLetter(String.fromCharCode(byte)))
    .sort((a, b) => count[b] - count[a])
    .slice(0, SINGLES - letters.length)
    .sort((a, b) => a - b);
  const codeOf = codes(frequent);
  return { frequent, texts: parts.map((part) => Array.from(part, (b) => codeOf[b]).join("")) };
}

/**
 * @param {Inlined} inlined
 * @returns {Uint8Array[]}
 */
export function decode({ frequent, texts }) {
  const byteOf = new Map(codes(frequent).map((code, byte) => [code, byte]));
  return texts.map((text) => {
    const bytes = new Uint8Array(text.length);
    let length = 0;
    for (let i = 0; i < text.length; i++) {
      bytes[length++] = byteOf.get(text[i]) ?? byteOf.get(text[i] + text[++i]) ?? 0;
    }
    return bytes.subarray(0, length);
  });
}
