/** Requests to the cloud's control interface. A rejection carries a sentence for the user. */

/**
 * @param {string} method
 * @param {string} path
 * @param {Record<string, unknown>} [body]
 * @returns {Promise<any>} parsed JSON of the response, `undefined` when the body is empty
 */
export async function callCloud(method, path, body) {
  const headers = { "content-type": "application/json" };
  const init = body ? { method, headers, body: JSON.stringify(body) } : { method };
  const response = await fetch(path, init).catch(() => {
    throw new Error("The cloud did not respond.");
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`The cloud responded with ${response.status}: ${errorText(text)}`);
  return text === "" ? undefined : JSON.parse(text);
}

/** Ends the faults of all sessions. */
export function clearFaults() {
  return callCloud("DELETE", "/faults");
}

/**
 * Error message of a failed response: the cloud responds with JSON, a proxy may not.
 *
 * @param {string} text
 */
function errorText(text) {
  try {
    return JSON.parse(text).error;
  } catch {
    return text;
  }
}
