/** The check of a URL in engines without `URL`. The core has checked the scheme. */

/** User, host and port; the host is a name or an address, which may be in brackets. */
const AUTHORITY = /^\w+:\/\/(?:[^\s/?#@]*@)?(?:[^\s/?#@:[\]\\%<>^|]+|\[[\da-f:.]+\])(?::(\d*))?(?:[/?#]|$)/i;

export class WebSocketUrl {
  /** @param {string} url */
  constructor(url) {
    const found = AUTHORITY.exec(url);
    if (found === null || Number(found[1] ?? 0) > 65_535) throw new TypeError(`Invalid URL: ${url}`);
  }
}
