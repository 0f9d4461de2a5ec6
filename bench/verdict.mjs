/** Is a budget kept? */
import { OURS } from "./clients/index.mjs";
import { ratios, spread } from "./stats.mjs";

/** The figures that a budget is held to, lowest first; none where nothing was measured. */
function figures({ key, client = OURS, of, by }, { values }) {
  const ours = values[key]?.[client]?.filter(Number.isFinite);
  if (!ours?.length) return [];
  if (of === "ends") {
    const { min, max } = spread(ours);
    return [min, max];
  }
  if (by !== undefined) {
    const quotients = ratios(values[key][client], values[key][by] ?? []);
    return quotients.length ? [spread(quotients).median] : [];
  }
  return [spread(ours).median];
}

const within = (found, [least, most]) => found.every((figure) => figure >= least && figure <= most);

/**
 * @param {import("./budgets.mjs").Budget} budget
 * @param {{ values: Record<string, Record<string, number[]>> }} results
 * @returns {{ figures: number[], verdict: "not measured" | "missed" | "reached" | "reached, and its aim" }}
 */
export function verdict(budget, results) {
  const found = figures(budget, results);
  if (found.length === 0) return { figures: found, verdict: "not measured" };
  if (!within(found, budget.must)) return { figures: found, verdict: "missed" };
  const aim = budget.aim !== undefined && within(found, budget.aim);
  return { figures: found, verdict: aim ? "reached, and its aim" : "reached" };
}
