/**
 * A cloud that is a server.
 *
 * @param {string} origin
 * @returns {import("./client.js").Transport}
 */
export function connectToServer(origin) {
  const socketUrl = new URL("/tpa-ws", origin);
  socketUrl.protocol = socketUrl.protocol.replace("http", "ws");
  return {
    socketUrl: socketUrl.href,
    WebSocket,
    async send(method, path, body) {
      const headers = { "content-type": "application/json" };
      // A request that is made when the page is left is sent too.
      const init = { method, keepalive: true, ...(body === undefined ? {} : { headers, body }) };
      const response = await fetch(new URL(path, origin), init);
      return { status: response.status, body: await response.text() };
    },
    follow({ open, event }) {
      const feed = new EventSource(new URL("/events", origin));
      feed.addEventListener("open", open);
      feed.addEventListener("message", ({ data }) => event(JSON.parse(data)));
    },
  };
}
