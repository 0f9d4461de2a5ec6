/**
 * Bytes as a JavaScript string in plain ASCII, for a module that carries its wasm in itself.
 *
 * Each of the most frequent bytes is one character, each other one is two. Base64 would cut
 * across the bytes, which costs a compressor a third of its success; this costs it nothing.
 *
 * @typedef {object} Inlined
 * @property {string} order all 256 bytes in the order of their frequency, as hex
 * @property {string} text
 */

/** All printable characters but the quote and the backslash, which a string would escape. */
const ALPHABET = 93;
/** So many bytes are one character; the other characters begin a pair. */
const SINGLES = 91;

/**
 * @param {Uint8Array} bytes
 * @returns {Inlined}
 */
export function encode(bytes) {
  const count = new Array(256).fill(0);
  for (const byte of bytes) count[byte] += 1;
  const order = [...count.keys()].sort((a, b) => count[b] - count[a]);
  /** @type {string[]} */
  const codes = [];
  order.forEach((byte, rank) => {
    const pair = rank - SINGLES;
    codes[byte] =
      pair < 0
        ? character(rank)
        : character(SINGLES + Math.floor(pair / ALPHABET)) + character(pair % ALPHABET);
  });
  return {
    order: order.map((byte) => byte.toString(16).padStart(2, "0")).join(""),
    text: Array.from(bytes, (byte) => codes[byte]).join(""),
  };
}

/**
 * @param {Inlined} inlined
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function decode({ order, text }) {
  const table = Uint8Array.from({ length: 256 }, (_, rank) =>
    Number.parseInt(order.slice(2 * rank, 2 * rank + 2), 16),
  );
  const bytes = new Uint8Array(text.length);
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    let rank = position(text.charCodeAt(i));
    if (rank >= SINGLES) {
      rank = SINGLES + (rank - SINGLES) * ALPHABET + position(text.charCodeAt(++i));
    }
    bytes[length++] = table[rank];
  }
  return bytes.subarray(0, length);
}

/** @param {number} position */
function character(position) {
  const code = position + 32;
  const afterQuote = code >= 34 ? code + 1 : code;
  return String.fromCharCode(afterQuote >= 92 ? afterQuote + 1 : afterQuote);
}

/** @param {number} code */
function position(code) {
  return code - 32 - (code > 34 ? 1 : 0) - (code > 92 ? 1 : 0);
}
