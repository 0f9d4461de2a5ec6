/** One life of a session: it connects, is cut, comes back, and is disposed of. Runs in a page as in Node. */

/**
 * @param {any} TpaSession
 * @param {string} url of a cloud that cuts whoever asks for it
 * @param {object} [options]
 */
export async function cycle(TpaSession, url, options) {
  const session = new TpaSession({
    packageName: "org.example.cycles",
    apiKey: "k",
    augmentOSWebsocketUrl: url,
    reconnectDelay: 1,
    logLevel: "silent",
    ...options,
  });
  session.events.onButtonPress(() => session.layouts.showTextWall("never"));
  const next = (event) => new Promise((resolve) => session.once(event, resolve));
  await session.connect("user-org.example.cycles");
  const [lost, back] = [next("disconnected"), next("connected")];
  session.send({ type: "cut_me" });
  await lost;
  await back;
  session[Symbol.dispose ?? Symbol.for("Symbol.dispose")]();
}

/**
 * Remembers the memory of each wasm that is started from now on.
 * @returns {() => number} bytes of all of them
 */
export function watchMemory() {
  const memories = [];
  const Instance = WebAssembly.Instance;
  WebAssembly.Instance = function (...args) {
    const instance = new Instance(...args);
    memories.push(...Object.values(instance.exports).filter((each) => each instanceof WebAssembly.Memory));
    return instance;
  };
  return () => memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
}
