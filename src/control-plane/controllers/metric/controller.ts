import { ALGORITHM, firstOf } from "../../../api/annotation.ts";
import { type Metric, MetricKind } from "../../../api/metric/kind.ts";
import type { Condition, Stored } from "../../../api/object.ts";
import { keyOf } from "../../../api/object.ts";
import type { CollectorFault, CollectorSpec, Collectors } from "../../../api/wire/decider.ts";
import type { Controller, Desired } from "../../../kube/controller.ts";

/** Tells the autoscaler what to collect for a revision, and the Metric how that goes (spec A-061, S-037). */

interface Observed {
  readonly fault: CollectorFault | undefined;
}

const NS_PER_MS = 1e6;

export function metricController(ports: {
  readonly collectors: Collectors;
}): Controller<Metric, Observed, unknown> {
  return {
    name: "metric-controller",
    kind: MetricKind,
    watches: [],
    observe: (parent) => ({ fault: ports.collectors.put(keyOf(parent), collectorSpec(parent)) }),
    desired: (_, observed) => desired(observed),
    forget: (key) => ports.collectors.delete(key),
  };
}

export function collectorSpec({ metadata, spec }: Stored<Metric>): CollectorSpec {
  const algorithm = firstOf(metadata.annotations, ALGORITHM);
  const isWeighted = algorithm === "weighted-exponential" || algorithm === "weightedExponential";
  return {
    stableWindowMs: spec.stableWindow / NS_PER_MS,
    panicWindowMs: spec.panicWindow / NS_PER_MS,
    scrapeTarget: spec.scrapeTarget,
    aggregation: isWeighted ? "weighted" : "linear",
  };
}

export function desired({ fault }: Observed): Desired<Metric> {
  return { children: [], status: { conditions: [readiness(fault)] } };
}

function readiness(fault: CollectorFault | undefined): Condition {
  if (fault === undefined) return { type: "Ready", status: "True" };
  if (fault === "noEndpoints")
    return {
      type: "Ready",
      status: "Unknown",
      reason: "NoEndpoints",
      message: "failed to get endpoints",
    };
  if (fault === "didNotReceiveStat")
    return {
      type: "Ready",
      status: "False",
      reason: "DidNotReceiveStat",
      message: "did not receive stat from an unscraped pod",
    };
  return {
    type: "Ready",
    status: "False",
    reason: "CollectionFailed",
    message: `Failed to reconcile metric collection: ${fault.failed}`,
  };
}
