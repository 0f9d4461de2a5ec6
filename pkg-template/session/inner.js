/** Methods between the package's own files, by names that each of them can ask for. */

/** With it a session, and a part of it, takes in a frame that it must know of, whoever listens. */
export const TAKE = Symbol.for("tpa-session.take");

/** With it a session is listened to without being asked for a stream. */
export const OVERHEAR = Symbol.for("tpa-session.overhear");
