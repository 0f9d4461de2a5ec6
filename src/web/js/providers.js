/** What the app's providers give. */

/**
 * Asks a provider, which may answer later. Its answer is never repeated in an error.
 * @param {string} field the option that it was given as
 * @param {() => unknown} provider
 * @returns {Promise<string>}
 */
export async function ask(field, provider) {
  let answer;
  try {
    answer = await provider();
  } catch (error) {
    throw new Error(`${field}: the provider failed: ${messageOf(error)}`);
  }
  if (typeof answer === "string" && answer !== "") return answer;
  throw new Error(`${field}: the provider gave no non-empty string`);
}

/** @param {any} error */
function messageOf(error) {
  try {
    const { message } = error;
    if (typeof message === "string") return message;
  } catch {
    // Anything can be thrown.
  }
  return "no message";
}
