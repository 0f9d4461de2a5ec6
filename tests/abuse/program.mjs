/** The side of a program that the harness talks to. */

/**
 * Answers the questions of the harness.
 *
 * @param {Record<string, (value: any) => unknown>} answers
 */
export function answer(answers) {
  process.on("message", async (/** @type {any} */ { ask, id, value }) => {
    if (Object.hasOwn(answers, ask)) process.send?.({ id, answer: (await answers[ask](value)) ?? null });
  });
  // The harness is gone.
  process.on("disconnect", () => process.exit());
}

/** Tells the harness that the program is ready. @param {unknown} facts */
export function ready(facts) {
  process.send?.({ ready: facts });
}
