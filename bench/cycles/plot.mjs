/** Chart of the memory over cycles. */

const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP] = [720, 300, 70, 40, 40];
/** @type {Record<string, string>} */
const COLOURS = { Node: "#2b7a3f", Chromium: "#1f5fb4" };
const KIB = 1024;

/**
 * @param {Record<string, import("../types.js").MemorySample[]>} curves by place
 * @param {number} cycles
 */
export function plot(curves, cycles) {
  const most = Math.max(
    ...Object.values(curves).flatMap((all) => all.flatMap(({ heap, wasm }) => [heap, wasm])),
  );
  const top = Math.ceil(most / (1024 * KIB)) * 1024 * KIB;
  const x = (/** @type {number} */ done) => LEFT + (done / cycles) * (WIDTH - LEFT - 20);
  const y = (/** @type {number} */ bytes) => HEIGHT - BOTTOM - (bytes / top) * (HEIGHT - BOTTOM - TOP);
  /** @type {(samples: import("../types.js").MemorySample[], of: "heap" | "wasm", colour?: string, dash?: string) => string} */
  const line = (samples, of, colour, dash) => {
    const points = samples
      .map((sample) => `${x(sample.done).toFixed(1)},${y(sample[of]).toFixed(1)}`)
      .join(" ");
    return `<polyline points="${points}" fill="none" stroke="${colour}" stroke-width="2" stroke-dasharray="${dash}"/>`;
  };
  const places = Object.entries(curves);
  const lines = places.flatMap(([place, samples]) => [
    line(samples, "heap", COLOURS[place], "none"),
    line(samples, "wasm", COLOURS[place], "3 5"),
  ]);
  const legend = places.map(
    ([place], nth) =>
      `<text x="${LEFT + nth * 260}" y="22" fill="${COLOURS[place]}">${place}: JS heap, wasm memory dotted</text>`,
  );
  const ticks = [0, 0.25, 0.5, 0.75, 1].flatMap((share) => [
    `<text x="${LEFT - 8}" y="${y(top * share) + 4}" text-anchor="end">${((top * share) / KIB / 1024).toFixed(1)} MiB</text>`,
    `<line x1="${LEFT}" x2="${WIDTH - 20}" y1="${y(top * share)}" y2="${y(top * share)}" stroke="#8884"/>`,
    `<text x="${x(cycles * share)}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${cycles * share}</text>`,
  ]);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">
<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>
<g fill="#333">${ticks.join("\n")}
<text x="${WIDTH / 2}" y="${HEIGHT - 4}" text-anchor="middle">sessions connected, cut, reconnected and disposed</text></g>
${[...lines, ...legend].join("\n")}
</svg>
`;
}
