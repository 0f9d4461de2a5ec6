/** The page's elements are all in index.html, so that one which is not found is a mistake there. */

/** @param {string} id */
export function byId(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

/** @param {string} id */
export function input(id) {
  return /** @type {HTMLInputElement} */ (document.getElementById(id));
}

/** @param {string} id */
export function button(id) {
  return /** @type {HTMLButtonElement} */ (document.getElementById(id));
}

/**
 * The value of a group of radio buttons.
 *
 * @param {string} name
 */
export function chosen(name) {
  const checked = document.querySelector(`input[name="${name}"]:checked`);
  return /** @type {HTMLInputElement} */ (checked).value;
}

/**
 * @param {string} id
 * @param {() => void} action
 */
export function onClick(id, action) {
  byId(id).addEventListener("click", action);
}

/**
 * @param {string} id of a form
 * @param {() => void} action
 */
export function onSubmit(id, action) {
  byId(id).addEventListener("submit", (event) => {
    event.preventDefault();
    action();
  });
}

/**
 * Only what is new is written, so that screen readers are not told the same thing twice.
 *
 * @param {string} id
 * @param {string} text
 */
export function write(id, text) {
  const node = byId(id);
  if (node.textContent !== text) node.textContent = text;
}

/**
 * @param {string} name
 * @param {Record<string, string>} attributes
 * @param {(Node | string)[]} children
 */
export function create(name, attributes, children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}
