/** What was measured, by series, client and round. */
export class Samples {
  /** @type {Record<string, Record<string, number[]>>} */
  values = {};
  /** @type {Record<string, Record<string, string>>} why a client has no figure in a series */
  reasons = {};

  /** @param {Record<string, number | undefined>} found by key of the series */
  add(client, round, found) {
    for (const [key, value] of Object.entries(found)) {
      const series = (this.values[key] ??= {});
      // JSON has no place for what is missing in an array but null.
      if (value !== undefined) (series[client.name] ??= [])[round] = value;
    }
  }

  /** A measure says nothing of a client, or only of the series in which it has a figure. */
  cannot({ series }, client, reason) {
    for (const { key } of series) {
      if (this.values[key]?.[client.name] === undefined) (this.reasons[key] ??= {})[client.name] = reason;
    }
  }

  failed({ series }, client) {
    return this.reasons[series[0].key]?.[client.name] !== undefined;
  }

  all() {
    return { values: this.values, reasons: this.reasons };
  }
}
