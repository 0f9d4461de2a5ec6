/** Milliseconds since the epoch, finer than the date: one clock for all processes and pages. */
export const now = () => performance.timeOrigin + performance.now();
