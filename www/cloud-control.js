/** Requests to the cloud's control interface; one that fails says why in a sentence. */

/**
 * @param {string} method
 * @param {string} path
 * @param {Record<string, unknown>} [body]
 * @returns {Promise<any>} the JSON of the answer, if it has any
 */
export async function ask(method, path, body) {
  const headers = { "content-type": "application/json" };
  const init = body ? { method, headers, body: JSON.stringify(body) } : { method };
  const response = await fetch(path, init).catch(() => {
    throw new Error("The cloud does not answer.");
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`The cloud answered ${response.status}: ${complaint(text)}`);
  return text === "" ? undefined : JSON.parse(text);
}

/** Ends all faults. */
export function clearFaults() {
  return ask("DELETE", "/faults");
}

/**
 * The cloud says in JSON what it did not like; whatever stands between it and us may not.
 *
 * @param {string} text
 */
function complaint(text) {
  try {
    return JSON.parse(text).error;
  } catch {
    return text;
  }
}
