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

/** Repeats what `make` gives for each number. */
function* each(make) {
  for (let index = 0; ; index++) yield make(index);
}

/** Repeats a text up to this many bytes. */
const filled = (unit, bytes) => unit.repeat(Math.floor(bytes / unit.length));
const DEEP = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
const stream = (streamType, data) => text({ type: "data_stream", streamType, data });
const once = function* (piece) {
  yield piece;
};

/** @type {Record<string, { silent?: boolean, deaf?: boolean, pieces: () => Iterable<Buffer | null | undefined> }>} */
export const ATTACKS = {
  "error frames of 1 MB": {
    pieces: () =>
      always(text({ type: "connection_error", code: filled("c", MIB), message: filled("m", MIB) })),
  },
  // Of frames with one letter, `ws` alone needs 45 ms for what one read of the socket brings.
  "frames that are not JSON": { pieces: () => always(packed(() => text('{"type": x}'), 5000)) },
  "a frame of 20 MB": { pieces: () => once(text(`[${filled("{},", 20 * MIB)}{}]`)) },
  "dense frames": { pieces: () => always(text(`[${filled("{},", 4 * MIB - 8)}{}]`)) },
  "dense data of a stream": {
    pieces: () =>
      always(text(`{"type":"data_stream","streamType":"transcription","data":[${filled("[],", 3 * MIB)}0]}`)),
  },
  "texts of 4 MB": {
    pieces: () => always(text({ type: "custom_message", action: "a", payload: filled("x", 4 * MIB - 100) })),
  },
  "texts of 4 MB in Cyrillic": {
    pieces: () => always(text({ type: "custom_message", action: "a", payload: filled("ж", 2 * MIB - 100) })),
  },
  "deep nesting": {
    pieces: () => always(text(`{"type":"settings_update","settings":[{"key":"a","value":${DEEP}}]}`)),
  },
  "stream names without end": {
    pieces: () => each((turn) => packed((index) => stream(`stream-${turn}-${index}:en-US`, {}))),
  },
  "frame types without end": {
    pieces: () => each((turn) => packed((index) => text({ type: `type-${turn}-${index}` }))),
  },
  "control frames in a loop": {
    pieces: () =>
      always(
        packed((index) =>
          text(
            index % 2 === 0
              ? { type: "pong", id: index }
              : { type: "tpa_connection_ack", settings: [{ key: "a", value: index }] },
          ),
        ),
      ),
  },
  "error frames in a loop": {
    pieces: () => always(packed(() => text({ type: "connection_error", code: "X", message: "x" }))),
  },
  "stops in a loop": { pieces: () => always(packed(() => text({ type: "app_stopped" }))) },
  "system settings that grow": {
    pieces: () =>
      each((turn) =>
        packed(
          (index) =>
            text({
              type: "augmentos_settings_update",
              settings: { [`key-${turn}-${index}`]: filled("v", 500) },
            }),
          100,
        ),
      ),
  },
  "settings of 1 MB": {
    pieces: () =>
      always(
        text({
          type: "settings_update",
          settings: [{ key: "a", value: Array(20_000).fill({ v: "12345678" }) }],
        }),
      ),
  },
  "capabilities of 1 MB": {
    pieces: () =>
      always(
        text({ type: "capabilities_update", modelName: "m", capabilities: Array(20_000).fill({ v: 1 }) }),
      ),
  },
  "protocol pings": { pieces: () => always(packed(() => frame(9, Buffer.alloc(125)))) },
  "protocol pings whose pongs are not read": {
    deaf: true,
    pieces: () => always(packed(() => frame(9, Buffer.alloc(125)))),
  },
  audio: { pieces: () => always(frame(2, Buffer.alloc(64 * 1024))) },
  "fragments without end": {
    *pieces() {
      yield frame(1, Buffer.alloc(0), false);
      yield* always(packed(() => frame(0, Buffer.alloc(0), false)));
    },
  },
  "connections that are cut at once": { pieces: () => once(null) },
  "no ack": {
    silent: true,
    pieces: () => always(packed(() => text({ type: "custom_message", action: "a" }))),
  },
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
