/**
 * Bytes as strings of JavaScript in plain ASCII, for a module that carries its wasm in itself.
 *
 * The most frequent bytes are one character each, the rest are two. Base64 would cut across the
 * bytes, which costs a compressor a third of its success; this costs it next to nothing.
 *
 * @typedef {object} Inlined
 * @property {boolean} letters letters stand for themselves, since texts compress best as texts
 * @property {number[]} gaps between the bytes that are one character each, but for such letters
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
 * What stands for each byte.
 *
 * @param {boolean} letters
 * @param {number[]} gaps
 */
function codes(letters, gaps) {
  let byte = 0;
  const frequent = gaps.map((gap) => (byte += gap)).values();
  /** @type {string[]} */
  const codes = [];
  for (const character of CHARACTERS.slice(0, SINGLES)) {
    const itself = letters && isLetter(character);
    codes[itself ? character.charCodeAt(0) : Number(frequent.next().value)] = character;
  }
  const { length } = CHARACTERS;
  for (let byte = 0, pair = SINGLES * length; byte < 256; byte++) {
    codes[byte] ??= CHARACTERS[Math.floor(pair / length)] + CHARACTERS[pair++ % length];
  }
  return codes;
}

/**
 * @param {Uint8Array[]} parts
 * @param {boolean} letters whether there are texts among them
 * @returns {Inlined}
 */
export function encode(parts, letters) {
  const count = new Array(256).fill(0);
  for (const part of parts) for (const byte of part) count[byte] += 1;
  const itself = CHARACTERS.slice(0, SINGLES).filter((character) => letters && isLetter(character));
  const gaps = [...count.keys()]
    .filter((byte) => !itself.includes(String.fromCharCode(byte)))
    .sort((a, b) => count[b] - count[a])
    .slice(0, SINGLES - itself.length)
    .sort((a, b) => a - b)
    .map((byte, i, all) => byte - (all[i - 1] ?? 0));
  const codeOf = codes(letters, gaps);
  return { letters, gaps, texts: parts.map((part) => Array.from(part, (b) => codeOf[b]).join("")) };
}

/**
 * @param {Inlined} inlined
 * @returns {Uint8Array[]}
 */
export function decode({ letters, gaps, texts }) {
  const byteOf = new Map(codes(letters, gaps).map((code, byte) => [code, byte]));
  return texts.map((text) => {
    const bytes = new Uint8Array(text.length);
    let length = 0;
    for (let i = 0; i < text.length; i++) {
      bytes[length++] = byteOf.get(text[i]) ?? byteOf.get(text[i] + text[++i]) ?? 0;
    }
    return bytes.subarray(0, length);
  });
}
