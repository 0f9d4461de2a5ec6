/** Socket of all clients in a page. */
export const { WebSocket } = globalThis;
