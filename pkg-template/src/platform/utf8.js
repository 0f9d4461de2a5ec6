/** UTF-8 for engines without encoders, as far as the core and its glue use it. */

/** Stands for half of a surrogate pair. */
const REPLACEMENT = 0xfffd;

/**
 * The code points of a text, without lone surrogates.
 * @param {string} text
 */
function* codePoints(text) {
  for (const character of text) {
    const code = Number(character.codePointAt(0));
    yield code >= 0xd800 && code <= 0xdfff ? REPLACEMENT : code;
  }
}

/** @param {number} code code point */
function encodePoint(code) {
  if (code < 0x80) return [code];
  const tail = (/** @type {number} */ shift) => 0x80 | ((code >> shift) & 0x3f);
  if (code < 0x800) return [0xc0 | (code >> 6), tail(0)];
  if (code < 0x10000) return [0xe0 | (code >> 12), tail(6), tail(0)];
  return [0xf0 | (code >> 18), tail(12), tail(6), tail(0)];
}

export class Utf8Encoder {
  encode(text = "") {
    const bytes = [];
    for (const code of codePoints(text)) bytes.push(...encodePoint(code));
    return Uint8Array.from(bytes);
  }

  /**
   * @param {string} text
   * @param {Uint8Array} target
   */
  encodeInto(text, target) {
    let read = 0;
    let written = 0;
    for (const code of codePoints(text)) {
      const bytes = encodePoint(code);
      if (written + bytes.length > target.length) break;
      target.set(bytes, written);
      written += bytes.length;
      read += code > 0xffff ? 2 : 1;
    }
    return { read, written };
  }
}

/** Decodes what the core has encoded, so that every sequence is complete and valid. */
export class Utf8Decoder {
  /** @param {Uint8Array} [bytes] */
  decode(bytes = new Uint8Array()) {
    let text = "";
    for (let at = 0; at < bytes.length;) {
      const first = bytes[at++];
      const following = first < 0xc0 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
      let code = following === 0 ? first : first & (0x3f >> following);
      for (let i = 0; i < following; i++) code = (code << 6) | (bytes[at++] & 0x3f);
      text += String.fromCodePoint(code);
    }
    return text;
  }
}
