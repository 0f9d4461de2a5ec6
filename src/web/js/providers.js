/** Functions of the app that give a key or a URL. */

/**
 * Calls a provider. Errors do not repeat what it gave, which may be a key.
 *
 * A provider may never answer, and its attempt then ends without it. `abandoned` settles the
 * returned promise all the same, so that whoever awaits it is released.
 * @param {string} option the option that the provider was given as
 * @param {() => unknown} provider
 * @param {Promise<never>} abandoned rejects when the attempt is over
 * @returns {Promise<string>}
 */
export function askProvider(option, provider, abandoned) {
  return Promise.race([answerOf(option, provider), abandoned]);
}

/**
 * @param {string} option
 * @param {() => unknown} provider
 * @returns {Promise<string>}
 */
async function answerOf(option, provider) {
  let answer;
  try {
    answer = await provider();
  } catch (error) {
    throw new Error(`${option}: the provider failed: ${messageOf(error)}`);
  }
  if (typeof answer === "string" && answer !== "") return answer;
  throw new Error(`${option}: the provider gave no non-empty string`);
}

/** @param {any} error anything, since anything can be thrown */
function messageOf(error) {
  try {
    const { message } = error;
    if (typeof message === "string") return message;
  } catch {
    // A getter that throws.
  }
  return "no message";
}
