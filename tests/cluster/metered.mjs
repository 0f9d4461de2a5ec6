/** Values of the metrics that an SDK of OpenTelemetry has recorded. */
import { DataPointType, MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";

class Reader extends MetricReader {
  async onShutdown() {}
  async onForceFlush() {}
}

/**
 * Records until the end of a test. The result sums the values of a metric with some attributes, or the counts
 * of a histogram; it is `undefined` for a metric without any value.
 *
 * @param {import("node:test").TestContext} t
 * @param {(meter: any) => () => void} recordMetrics
 * @returns {(name: string, attributes?: Record<string, string | number | boolean>) => Promise<number | undefined>}
 */
export function metered(t, recordMetrics) {
  const reader = new Reader();
  const provider = new MeterProvider({ readers: [reader] });
  t.after(recordMetrics(provider.getMeter("test")));
  return async (name, attributes = {}) => {
    const { resourceMetrics } = await reader.collect();
    const metrics = resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics);
    const metric = metrics.find(({ descriptor }) => descriptor.name === name);
    const points = metric?.dataPoints.filter(({ attributes: given }) =>
      Object.entries(attributes).every(([key, value]) => given[key] === value),
    );
    const isHistogram = metric?.dataPointType === DataPointType.HISTOGRAM;
    return points?.reduce((sum, { value }) => sum + (isHistogram ? value.count : value), 0);
  };
}
