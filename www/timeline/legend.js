/** Legend of the chart, drawn with the same elements and styles as the chart itself. */
import { byId, create } from "../dom.js";
import { draw } from "./draw.js";

/** @type {{ text: string, width: number, height?: number, marks(): SVGElement[] }[]} */
const ENTRIES = [
  {
    text: "waiting, connecting, handshaking, connected",
    width: 30,
    marks: () => [
      draw("rect", { "data-state": "waiting", y: 10, width: 7, height: 4 }),
      draw("rect", { "data-state": "connecting", x: 7, y: 7, width: 7, height: 7 }),
      draw("rect", { "data-state": "handshaking", x: 14, y: 4, width: 7, height: 10 }),
      draw("rect", { "data-state": "connected", x: 21, y: 1, width: 9, height: 13 }),
    ],
  },
  {
    text: "closure, with its code",
    width: 14,
    marks: () => [draw("g", { class: "closure" }, draw("path", { class: "cross", d: "M3 3l8 8m0 -8l-8 8" }))],
  },
  {
    text: "sent",
    width: 14,
    marks: () => [draw("circle", { class: "message", "data-result": "sent", cx: 7, cy: 7, r: 4 })],
  },
  {
    text: "queued",
    width: 14,
    marks: () => [draw("circle", { class: "message", "data-result": "queued", cx: 7, cy: 7, r: 4 })],
  },
  {
    text: "dropped",
    width: 14,
    marks: () => {
      const cross = draw("path", { class: "cross", d: "M3.5 3.5l7 7m0 -7l-7 7" });
      return [draw("g", { class: "message", "data-result": "dropped" }, cross)];
    },
  },
  {
    text: "ping and pong",
    width: 14,
    height: 16,
    marks: () => [
      draw("path", { class: "ping", d: "M3 7h8l-4 -7z" }),
      draw("g", { class: "pong" }, draw("path", { d: "M3 9h8l-4 7z" })),
    ],
  },
  {
    text: "wait, then an attempt",
    width: 26,
    marks: () => [
      draw("g", { class: "wait" }, draw("rect", { y: 3, width: 20, height: 8, rx: 2 })),
      draw("circle", { class: "dial", cx: 20, cy: 7, r: 4.5 }),
    ],
  },
];

export function showLegend() {
  const items = ENTRIES.map(({ text, width, height = 14, marks }) => {
    const attributes = { viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" };
    return create("li", {}, [draw("svg", attributes, ...marks()), text]);
  });
  byId("timeline-legend").append(...items);
}
