/**
 * The code of a WebAssembly module, taken apart into streams of like things.
 *
 * A compressor expects what came before, and in code the next byte is something else each time:
 * an instruction, a local, a constant. Streams are smaller by a tenth, once compressed.
 *
 * @typedef {{ bytes: Uint8Array, at: number }} Cursor a place in bytes, to read or to write
 */

import { Reader } from "./binary.js";

/** Where things go. What has no stream of its own stays with the instructions. */
const INSTRUCTIONS = 0;
const LOCALS = 1;
const CONSTANTS = 2;
const OFFSETS = 3;
const LABELS = 4;
const STREAMS = 5;

/** The id of the section that has the code. */
const CODE = 10;

/**
 * Moves the code of one function (WebAssembly specification, "Binary Format"), in whichever
 * direction: the streams are on one side, and on the other one is the module for all of them.
 *
 * @param {Cursor[]} from
 * @param {Cursor[]} to
 */
function move(from, to) {
  /** @param {number} stream */
  const byte = (stream) => {
    const source = from[stream];
    const target = to[stream];
    return (target.bytes[target.at++] = source.bytes[source.at++]);
  };
  /** @param {number} stream */
  const number = (stream) => {
    const source = from[stream];
    const target = to[stream];
    let value = 0;
    let shift = 0;
    let last;
    do {
      last = source.bytes[source.at++];
      target.bytes[target.at++] = last;
      value |= (last & 127) << shift;
      shift += 7;
    } while (last > 127);
    return value;
  };
  /** @param {number} count */
  const numbers = (count) => {
    while (count-- > 0) number(INSTRUCTIONS);
  };

  // The locals, in groups of a number and a type.
  numbers(2 * number(INSTRUCTIONS));
  const { bytes } = from[INSTRUCTIONS];
  let depth = 1;
  while (depth > 0 && from[INSTRUCTIONS].at < bytes.length) {
    const instruction = byte(INSTRUCTIONS);
    switch (instruction) {
      case 11: // end
        depth--;
        break;
      case 2: // block
      case 3: // loop
      case 4: // if
        depth++;
      // falls through
      case 16: // call
      case 35: // global.get
      case 36: // global.set
      case 63: // memory.size
      case 64: // memory.grow
        number(INSTRUCTIONS);
        break;
      case 12: // br
      case 13: // br_if
        number(LABELS);
        break;
      case 14: // br_table
        numbers(number(INSTRUCTIONS) + 1);
        break;
      case 17: // call_indirect
        numbers(2);
        break;
      case 32: // local.get
      case 33: // local.set
      case 34: // local.tee
        number(LOCALS);
        break;
      case 65: // i32.const
      case 66: // i64.const
        number(CONSTANTS);
        break;
      case 68: // f64.const
        for (let i = 0; i < 8; i++) byte(INSTRUCTIONS);
        break;
      case 252: {
        // conversions, memory.copy, memory.fill
        const kind = number(INSTRUCTIONS);
        numbers(kind > 9 ? 12 - kind : 0);
        break;
      }
      default:
        if (instruction > 39 && instruction < 63) {
          // loads and stores
          number(INSTRUCTIONS);
          number(OFFSETS);
        }
    }
  }
}

/**
 * @param {Uint8Array} wasm
 * @returns {Uint8Array[]} what comes before the code, the streams, and what comes after the code
 */
export function split(wasm) {
  const module = new Reader(wasm, CODE);
  const before = wasm.subarray(0, module.at++);
  module.number();
  const from = new Array(STREAMS).fill(module);
  const to = from.map(() => ({ bytes: new Uint8Array(wasm.length), at: 0 }));
  for (let count = module.number(); count > 0; count--) {
    const size = module.number();
    const end = module.at + size;
    move(from, to);
    if (module.at !== end) throw new Error("there is an instruction that streams.js does not know");
  }
  const streams = to.map(({ bytes, at }) => bytes.subarray(0, at));
  return [before, ...streams, wasm.subarray(module.at)];
}

/**
 * @param {Uint8Array[]} parts as `split` gives them
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function join(parts) {
  const from = parts.map((bytes) => ({ bytes, at: 0 }));
  const [before] = from.splice(0, 1);
  const [after] = from.splice(-1);
  const bytes = new Uint8Array(2 * parts.reduce((sum, part) => sum + part.length, 0));
  const wasm = { bytes, at: 0 };
  const to = from.map(() => wasm);
  /** @param {Cursor} cursor */
  const append = ({ bytes: part }) => {
    bytes.set(part, wasm.at);
    wasm.at += part.length;
  };
  /** Leaves room for a number of three bytes, and gives where it ends. */
  const reserve = () => (wasm.at += 3);
  /** @param {number} end @param {number} value */
  const fill = (end, value) => {
    bytes[end - 3] = value | 128;
    bytes[end - 2] = (value >> 7) | 128;
    bytes[end - 1] = value >> 14;
  };
  append(before);
  bytes[wasm.at++] = CODE;
  const section = reserve();
  const functions = reserve();
  let count = 0;
  for (; from[0].at < from[0].bytes.length; count++) {
    const start = reserve();
    move(from, to);
    fill(start, wasm.at - start);
  }
  fill(functions, count);
  fill(section, wasm.at - section);
  append(after);
  return bytes.subarray(0, wasm.at);
}
