/** A cloud inside this page: the decisions of tpa-cloud in WebAssembly, and sockets without a network. */

/** One way, ms: that of a cloud nearby. */
const LATENCY_MS = 15;

/** @returns {Promise<import("./client.js").Transport>} */
export async function startInPage() {
  const { Shell } = await import("../pkg-cloud/shell.js");
  /** @type {Set<(event: any) => void>} */
  const listeners = new Set();
  const shell = new Shell(
    {},
    {
      latency: LATENCY_MS,
      // The demo starts no apps, so the cloud calls none.
      apps: { send: () => Promise.reject(new Error("the demo has no apps")) },
      onEvent: (event) => listeners.forEach((listener) => listener(event)),
      onStep: () => {},
    },
  );
  return {
    // A name of this machine: the session expects no network for it.
    socketUrl: "ws://localhost/tpa-ws",
    WebSocket: shell.WebSocket,
    async send(method, path, body) {
      // As with a server, nothing happens before this function has returned.
      await undefined;
      return shell.control(method, path, body && JSON.parse(body));
    },
    follow({ open, event }) {
      listeners.add(event);
      open();
    },
  };
}
