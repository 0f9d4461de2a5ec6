/**
 * The method by which a session, and a part of it, takes in a frame that it must know of, whoever
 * listens. By a name that other files of the package can ask for too.
 */
export const TAKE = Symbol.for("tpa-session.take");
