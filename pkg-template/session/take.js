/** The method by which a part takes in a frame that it must know of, whoever listens. */
export const TAKE = Symbol("take");
