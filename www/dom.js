/** Access to the elements of index.html. An element that is missing there is a bug, hence the casts. */

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
 * Value of the checked button in a group of radio buttons.
 *
 * @param {string} name
 */
export function radioValue(name) {
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
 * Sets an element's text if it changed, so that screen readers do not repeat a live region.
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
