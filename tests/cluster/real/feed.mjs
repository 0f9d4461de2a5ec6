/** Reads the cloud's events. */
import { once } from "node:events";
import { get } from "node:http";

/**
 * Resolves once all later events are passed to a listener.
 *
 * @param {string} url of the cloud
 * @param {(event: any) => void} listener
 * @param {Record<string, string>} [headers]
 * @returns {Promise<() => void>} stops it
 */
export async function follow(url, listener, headers = {}) {
  const request = get(`${url}/events`, { headers });
  const [response] = await once(request, "response");
  if (response.statusCode !== 200) throw new Error(`GET /events: ${response.statusCode}`);
  response.setEncoding("utf8");
  let text = "";
  response.on("data", (/** @type {string} */ chunk) => {
    const lines = (text + chunk).split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) if (line.startsWith("data:")) listener(JSON.parse(line.slice(5)));
  });
  response.on("error", () => {});
  // The first line is a comment that marks the start.
  await once(response, "data");
  return () => void request.destroy();
}
