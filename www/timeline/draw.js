/** SVG elements, and placement of labels without overlap. */

/** Estimated width of a character of the labels, rounded up. */
const CHARACTER_PX = 6.8;

/**
 * @param {string} name
 * @param {Record<string, string | number>} attributes
 * @param {(Node | string)[]} children
 */
export function draw(name, attributes, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, String(value));
  node.append(...children);
  return node;
}

/** Rows of labels; each label is placed in the first row with enough space. */
export class LabelRows {
  #rows;

  /** @param {number[]} ys */
  constructor(ys) {
    this.#rows = ys.map((y) => ({ y, end: -Infinity }));
  }

  /**
   * @param {number} x
   * @param {string} text
   * @returns {number | undefined} y of the row, `undefined` when no row has space
   */
  place(x, text) {
    const row = this.#rows.find(({ end }) => end <= x);
    if (!row) return undefined;
    row.end = x + text.length * CHARACTER_PX + 8;
    return row.y;
  }
}
