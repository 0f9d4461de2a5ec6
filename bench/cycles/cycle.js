/** One cycle of a session: connect, cut, reconnect, dispose. Runs in a page and in Node. */

/**
 * @param {any} TpaSession
 * @param {string} url of a cloud that cuts connections on request
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
  const next = (/** @type {string} */ event) => new Promise((resolve) => session.once(event, resolve));
  await session.connect("user-org.example.cycles");
  const [lost, back] = [next("disconnected"), next("connected")];
  session.send({ type: "cut_me" });
  await lost;
  await back;
  session[Symbol.dispose ?? Symbol.for("Symbol.dispose")]();
}

/**
 * Records the memories of all WebAssembly instances created from now on.
 *
 * @returns {() => number} total size, bytes
 */
export function watchMemory() {
  /** @type {WebAssembly.Memory[]} */
  const memories = [];
  const { Instance } = WebAssembly;
  WebAssembly.Instance = /** @type {any} */ (
    function (/** @type {WebAssembly.Module} */ module, /** @type {WebAssembly.Imports} */ imports) {
      const instance = new Instance(module, imports);
      memories.push(...Object.values(instance.exports).filter((each) => each instanceof WebAssembly.Memory));
      return instance;
    }
  );
  return () => memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
}
