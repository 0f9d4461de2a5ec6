/** Makes the objects of outputs and responses, one call from wasm for each. */

export const text = (to, text) => ({ type: "text", to, text });
/** The bytes are in the memory of the wasm, so they are copied. */
export const binary = (to, bytes) => ({ type: "binary", to, bytes: bytes.slice() });
export const ping = (to) => ({ type: "ping", to });
export const close = (to, code, reason) => ({ type: "close", to, code, reason });
export const cut = (to) => ({ type: "cut", to });
export const freeze = (to, frozen) => ({ type: "freeze", to, frozen });
/** Parsed when it is read: most shells pass the text on. */
export const event = (json) => ({
  type: "event",
  json,
  get event() {
    return JSON.parse(json);
  },
});
export const call = (type, call, url, contentType, body, about) => ({
  type,
  call,
  url,
  contentType,
  body: body.slice(),
  ...JSON.parse(about),
});
export const response = (head, body) => ({ ...JSON.parse(head), body });
