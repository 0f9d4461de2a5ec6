/** Numbers and sections of a WebAssembly module, for what is done to it while it is built. */

/** A place in a module, from which numbers are read. */
export class Reader {
  /**
   * @param {Uint8Array} bytes
   * @param {number} section the id of the section at whose id it begins
   */
  constructor(bytes, section) {
    this.bytes = bytes;
    this.at = 8;
    while (bytes[this.at] !== section) {
      this.at++;
      this.skip();
    }
  }

  /** LEB128 without a sign. */
  number() {
    let value = 0;
    let shift = 0;
    do {
      value |= (this.bytes[this.at] & 127) << shift;
      shift += 7;
    } while (this.bytes[this.at++] > 127);
    return value;
  }

  /** Skips what begins with its size. */
  skip() {
    const size = this.number();
    this.at += size;
  }
}

/**
 * @param {number} value
 * @returns {number[]}
 */
export function leb128(value) {
  return value < 128 ? [value] : [(value & 127) | 128, ...leb128(value >> 7)];
}
