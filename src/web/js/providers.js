/** What the app's providers give. */

const GIVEN = 0;
const FAILED = 1;

/**
 * Tells what a promise comes to.
 * @param {Promise<any>} promise
 * @param {(what: number, _: 0, answer: any) => void} tell
 */
export function settled(promise, tell) {
  promise.then(
    (answer) => tell(GIVEN, 0, answer),
    (error) => tell(FAILED, 0, error),
  );
}

/**
 * Asks a provider, which may answer later.
 * @param {string} field the option that it was given as
 * @param {() => unknown} provider
 * @param {(what: number, _: 0, answer: any) => void} tell
 */
export function ask(field, provider, tell) {
  settled(answerOf(field, provider), tell);
}

/**
 * A provider's answer, which is never repeated in an error.
 * @param {string} field
 * @param {() => unknown} provider
 * @returns {Promise<string>}
 */
async function answerOf(field, provider) {
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
