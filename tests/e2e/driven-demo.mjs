/** The demo page in a browser that a WebDriver controls. */

/** Shows the connection and the glasses. */
const LIVE = `return document.getElementById("freshness").textContent === "Live"`;

/** The demo page, with steps as in `support.mjs`. */
export class DrivenDemo {
  /** @param {import("./each-browser.mjs").Page} page */
  constructor(page) {
    this.page = page;
  }

  /** Opens it and waits until the glasses show the app. @param {string} url */
  async open(url) {
    await this.page.open(url);
    await this.page.until(LIVE);
  }

  /** Waits until the glasses show the app. */
  live() {
    return this.page.until(LIVE);
  }

  /** @param {string} id */
  click(id) {
    return this.page.run(`document.querySelector('[data-testid="${id}"]').click()`);
  }

  /** Enters a text. @param {string} id @param {string} value */
  fill(id, value) {
    return this.page.run(`document.querySelector('[data-testid="${id}"]').value = ${JSON.stringify(value)}`);
  }

  /** Waits until the text of an element matches. @param {string} id @param {RegExp} pattern */
  text(id, pattern) {
    return this.page.until(
      `return ${pattern}.test(document.querySelector('[data-testid="${id}"]')?.textContent ?? "")`,
    );
  }

  /** Returns the number of events so far, as an index for later checks. */
  mark() {
    return this.page.run("return window.demo.events.length");
  }

  /**
   * Waits for an event and returns its payload.
   *
   * @param {string} name
   * @param {number} [from] lowest index
   */
  async event(name, from = 0) {
    const found = `window.demo.events.slice(${from}).find(({ event }) => event === "${name}")`;
    await this.page.until(`return ${found} !== undefined`);
    return this.page.run(`return ${found}.payload`);
  }

  /** Returns the errors that the page shows and that the package has logged. */
  errors() {
    return this.page.run(`return [
      ...window.demo.events.filter(({ event }) => event === "error"),
      ...window.demo.lines.filter(({ level }) => level === "error"),
    ]`);
  }
}
