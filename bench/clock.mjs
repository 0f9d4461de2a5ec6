/** Milliseconds since the epoch with fractions, comparable across processes and pages. */
export const now = () => performance.timeOrigin + performance.now();
