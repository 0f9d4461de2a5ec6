/**
 * In place of node-handler.js outside Node.
 *
 * @returns {never}
 */
export function callNodeHandler() {
  throw new TypeError("handler: outside Node it must take a Request and return a Response");
}
