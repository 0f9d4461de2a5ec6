/** SVG elements, and placement of labels without overlap. */

/** Space between two labels of a row. */
const LABEL_GAP_PX = 8;

const context = document.createElement("canvas").getContext("2d");

/** Width of a label in the font of the chart. @param {string} text */
function widthOf(text) {
  if (!context) return text.length * 8;
  context.font = `600 11px ${getComputedStyle(document.body).fontFamily}`;
  return context.measureText(text).width;
}

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
   * @param {number} x left edge of the label
   * @param {string} text
   * @returns {number | undefined} y of the row, `undefined` when no row has space
   */
  place(x, text) {
    const row = this.#rows.find(({ end }) => end <= x);
    if (!row) return undefined;
    row.end = x + widthOf(text) + LABEL_GAP_PX;
    return row.y;
  }
}
