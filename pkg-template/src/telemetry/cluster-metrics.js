/**
 * Metrics of the clusters that the servers of this process are members of.
 *
 * @import { ClusterEventMessage, ClusterMemberMessage, CounterLike, HistogramLike, MeterLike, MetricAttributes, ObservableResultLike } from "tpa-session/telemetry"
 *
 * @typedef {readonly ClusterMemberMessage[]} Members
 * @typedef {Map<string, { counter: CounterLike, by: "why" | "outcome" | undefined, sets: MetricAttributes[] }>} Counters
 */
import { BOUNDS } from "./bounds.js";
import { guard, subscribe } from "./subscribe.js";

/** Counters: description, unit, and the attribute with its values. */
const COUNTERS = /** @type {const} */ ({
  takeovers: {
    description: "Sessions that were taken over from another process, by the reason",
    unit: "{session}",
    by: "why",
    values: ["cloud", "dead", "handover", "silence", "none"],
  },
  handovers: { description: "Sessions that were handed over to another process", unit: "{session}" },
  asks: {
    description: "Questions to another process, by the outcome",
    unit: "{question}",
    by: "outcome",
    values: ["answered", "none", "late", "silent", "gone"],
  },
  lost: { description: "Sessions that ended because another process has them", unit: "{session}" },
  won: {
    description: "Sessions whose records named another process, and were written again",
    unit: "{session}",
  },
  storeLosses: {
    as: "store.losses",
    description: "Times at which the store had lost what it knew of this process",
    unit: "{loss}",
  },
  unsure: { description: "Records whose state a command without an answer left open", unit: "{record}" },
  quarantined: { description: "Sessions kept back because their processes died", unit: "{session}" },
});

/** Gauges of a package: description, unit, and the value of its members in this process. */
const GAUGES = /** @type {const} */ ({
  members: {
    description: "Processes that live, as this one sees it, itself included",
    unit: "{process}",
    of: (/** @type {Members} */ all) => Math.min(...all.map(({ members }) => members)),
  },
  alone: {
    description: "1 while the store does not answer, otherwise 0",
    unit: "1",
    of: (/** @type {Members} */ all) => Number(all.some(({ isAlone }) => isAlone)),
  },
  ready: {
    description: "1 while the process serves requests of the cloud, otherwise 0",
    unit: "1",
    of: (/** @type {Members} */ all) => Number(all.every(({ isReady }) => isReady)),
  },
  owed: {
    description: "Records that are to be settled with the store",
    unit: "{record}",
    of: (/** @type {Members} */ all) => all.reduce((sum, { owed }) => sum + owed, 0),
  },
});

/**
 * @param {MeterLike} meter
 * @returns {() => void} stops it
 */
export function recordClusterMetrics(meter) {
  const counters = createCounters(meter);
  const histogram = (/** @type {string} */ name, /** @type {string} */ description) =>
    meter.createHistogram(name, { description, unit: "s", advice: { explicitBucketBoundaries: BOUNDS } });
  const gates = histogram(
    "tpa.cluster.gate.duration",
    "Time for which a process that stood still let nothing pass",
  );
  const commands = histogram("tpa.cluster.store.duration", "Commands to the store, by name and error");
  /** Members by package, whose numbers are 0 rather than absent without any. @type {Map<string, Set<ClusterMemberMessage>>} */
  const members = new Map();
  const removals = [
    ...observeMembers(meter, members),
    subscribe({
      joined(member) {
        const { packageName } = member;
        members.set(packageName, (members.get(packageName) ?? new Set()).add(member));
        // Rates need the value before the first event.
        for (const { counter, sets } of counters.values()) {
          for (const set of sets) counter.add(0, { package: packageName, ...set });
        }
      },
      left: (member) => void members.get(member.packageName)?.delete(member),
      event: (message) => record(message, counters, gates),
      command({ packageName, command, duration, isAnswered }) {
        const attributes = {
          package: packageName,
          command,
          ...(!isAnswered && { "error.type": "no_answer" }),
        };
        commands.record(duration / 1000, attributes);
      },
    }),
  ];
  return () => removals.forEach((remove) => remove());
}

/** @param {MeterLike} meter @returns {Counters} */
function createCounters(meter) {
  /** @type {Counters} */
  const counters = new Map();
  for (const [name, { description, unit, ...rest }] of Object.entries(COUNTERS)) {
    const counter = meter.createCounter(`tpa.cluster.${"as" in rest ? rest.as : name}`, {
      description,
      unit,
    });
    const by = "by" in rest ? rest.by : undefined;
    const sets = "values" in rest ? rest.values.map((value) => ({ [rest.by]: value })) : [{}];
    counters.set(name, { counter, by, sets });
  }
  return counters;
}

/**
 * @param {ClusterEventMessage} message
 * @param {Counters} counters
 * @param {HistogramLike} gates
 */
function record(message, counters, gates) {
  const { packageName, name, duration } = message;
  const common = { package: packageName };
  if (name === "gate" && duration !== undefined) return gates.record(duration / 1000, common);
  const { counter, by } = counters.get(name) ?? {};
  counter?.add(1, by === undefined ? common : { ...common, [by]: message[by] ?? "other" });
}

/**
 * @param {MeterLike} meter
 * @param {Map<string, Set<ClusterMemberMessage>>} members
 * @returns {(() => void)[]} removes the callbacks
 */
function observeMembers(meter, members) {
  return Object.entries(GAUGES).map(([name, { description, unit, of }]) => {
    const gauge = meter.createObservableGauge(`tpa.cluster.${name}`, { description, unit });
    const observe = (/** @type {ObservableResultLike} */ result) =>
      guard(() => {
        for (const [packageName, all] of members) {
          result.observe(all.size === 0 ? 0 : of([...all]), { package: packageName });
        }
      });
    gauge.addCallback(observe);
    return () => gauge.removeCallback(observe);
  });
}
