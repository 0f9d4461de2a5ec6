/** Figures by series, client and round. */
export class Samples {
  /** @type {import("./types.js").Values} */
  values = {};
  /** @type {Record<string, Record<string, string>>} reasons for missing figures */
  reasons = {};

  /** @param {ReturnType<Samples["all"]>} [saved] by an earlier run, as JSON */
  constructor(saved) {
    if (saved === undefined) return;
    this.reasons = saved.reasons;
    for (const [key, series] of Object.entries(saved.values)) {
      for (const [name, figures] of Object.entries(series)) {
        // JSON has null for the rounds without a figure.
        figures.forEach((value, round) => value !== null && this.add({ name }, round, { [key]: value }));
      }
    }
  }

  /**
   * @param {{ name: string }} client
   * @param {number} round
   * @param {import("./types.js").Figures} figures
   */
  add(client, round, figures) {
    for (const [key, value] of Object.entries(figures)) {
      const series = (this.values[key] ??= {});
      // An explicit `undefined` would become null in JSON.
      if (value === undefined) continue;
      (series[client.name] ??= [])[round] = value;
      delete this.reasons[key]?.[client.name];
    }
  }

  /**
   * Records a reason for each series in which a client has no figure.
   *
   * @param {{ series: { key: string }[] }} measure
   * @param {{ name: string }} client
   * @param {string} reason
   */
  fail({ series }, client, reason) {
    for (const { key } of series) {
      if (this.values[key]?.[client.name] === undefined) (this.reasons[key] ??= {})[client.name] = reason;
    }
  }

  all() {
    return { values: this.values, reasons: this.reasons };
  }
}
