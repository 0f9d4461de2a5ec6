/**
 * Attacks of a cloud: endless pieces for one connection. A piece is bytes to write, `null` to cut the
 * connection, or `undefined` to wait.
 */
const MIB = 1024 * 1024;

/** A frame of the WebSocket protocol (RFC 6455 section 5.2). */
export function frame(opcode, payload, isFinal = true) {
  const { length } = payload;
  const size = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const head = Buffer.alloc(size);
  head[0] = (isFinal ? 0x80 : 0) | opcode;
  head[1] = length < 126 ? length : length < 65_536 ? 126 : 127;
  if (size === 4) head.writeUInt16BE(length, 2);
  if (size === 10) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, payload]);
}

/** A text frame. @param {unknown} content a text, or what becomes JSON */
export function text(content) {
  return frame(1, Buffer.from(typeof content === "string" ? content : JSON.stringify(content)));
}

export const binary = (/** @type {Uint8Array} */ bytes) => frame(2, Buffer.from(bytes));

/** Many small frames in one piece, as they arrive from a fast network. */
const packed = (make, count = 1000) =>
  Buffer.concat(Array.from({ length: count }, (_, index) => make(index)));

/** Repeats a piece without end. */
function* always(piece) {
  for (;;) yield piece;
}

/** Repeats a text up to this many bytes. */
const filled = (unit, bytes) => unit.repeat(Math.floor(bytes / unit.length));
const once = function* (piece) {
  yield piece;
};

/** @type {Record<string, { silent?: boolean, pieces: () => Iterable<Buffer | null | undefined> }>} */
export const ATTACKS = {
  "stops in a loop": { pieces: () => always(packed(() => text({ type: "app_stopped" }))) },
  "protocol pings": { pieces: () => always(packed(() => frame(9, Buffer.alloc(125)))) },
  audio: { pieces: () => always(frame(2, Buffer.alloc(64 * 1024))) },
  "fragments without end": {
    *pieces() {
      yield frame(1, Buffer.alloc(0), false);
      yield* always(packed(() => frame(0, Buffer.alloc(0), false)));
    },
  },
  "connections that are cut at once": { pieces: () => once(null) },
  "close reasons of 1 MB": { pieces: () => once(frame(8, Buffer.alloc(MIB, "r"))) },
  "a close frame after another": {
    pieces: () => always(packed(() => frame(8, Buffer.from([0x03, 0xf3, ...Buffer.from("r".repeat(120))])))),
  },
  "one byte at a time": {
    *pieces() {
      for (const byte of text({ type: "custom_message", action: filled("a", MIB) })) {
        yield Buffer.of(byte);
        yield undefined;
      }
    },
  },
};
