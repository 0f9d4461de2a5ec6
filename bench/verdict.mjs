/** Comparison of results with the budgets. */
import { OURS } from "./clients/index.mjs";
import { ratios, spread } from "./stats.mjs";

/**
 * Figures that a budget applies to, lowest first; empty if nothing was measured.
 *
 * @param {import("./budgets.mjs").Budget} budget
 * @param {{ values: import("./types.js").Values }} results
 */
function figures({ key, client = OURS, of, by }, { values }) {
  const ours = values[key]?.[client]?.filter(Number.isFinite);
  if (!ours?.length) return [];
  if (of === "ends") {
    const { min, max } = spread(ours);
    return [min, max];
  }
  if (by !== undefined) {
    const quotients = ratios(values[key]?.[client] ?? [], values[key]?.[by] ?? []);
    return quotients.length ? [spread(quotients).median] : [];
  }
  return [spread(ours).median];
}

/** @type {(found: number[], range: [number, number]) => boolean} */
const within = (found, [least, most]) => found.every((figure) => figure >= least && figure <= most);

/**
 * @param {import("./budgets.mjs").Budget} budget
 * @param {{ values: import("./types.js").Values }} results
 * @returns {{ figures: number[], verdict: "not measured" | "missed" | "reached" | "reached, and its aim" }}
 */
export function verdict(budget, results) {
  const found = figures(budget, results);
  if (found.length === 0) return { figures: found, verdict: "not measured" };
  if (!within(found, budget.must)) return { figures: found, verdict: "missed" };
  const aim = budget.aim !== undefined && within(found, budget.aim);
  return { figures: found, verdict: aim ? "reached, and its aim" : "reached" };
}
