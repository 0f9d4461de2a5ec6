/** The socket that every client uses in a page. */
export const { WebSocket } = globalThis;
