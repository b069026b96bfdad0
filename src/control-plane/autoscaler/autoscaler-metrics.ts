import type { ObjectKey } from "../../api/object.ts";
import type { DeciderSpec, Decision } from "../../api/wire/decider.ts";
import {
  type Attributes,
  Histogram,
  type Metric,
  type NumberPoint,
  Observed,
  SECONDS_BOUNDS,
} from "../../base/metrics.ts";

const SCOPE = "knative.dev/serving/pkg/autoscaler";

/** A revision as its decider sees it now. */
export interface DeciderView {
  readonly key: ObjectKey;
  readonly spec: DeciderSpec;
  readonly decision: Decision;
  readonly panicking: boolean;
  /** What the newest decision was made of; undefined before the first. */
  readonly averages: { readonly stable: number; readonly panic: number } | undefined;
}

/** By revision, in seconds (spec M-010). */
export function scrapeDurations(): Histogram {
  return new Histogram({
    name: "kn.autoscaler.scrape.duration",
    unit: "s",
    description: "Time that a round of scraping a revision's pods took.",
    scope: SCOPE,
    bounds: SECONDS_BOUNDS,
  });
}

interface Measure {
  readonly name: string;
  readonly unit: string;
  readonly description: string;
  /** undefined = nothing to say of that revision. */
  value(decider: DeciderView): number | undefined;
}

/** The autoscaler's decisions as metrics (spec M-011…M-015, S-071): looked up when someone reads. */
export function deciderMetrics(ports: {
  views(): Iterable<DeciderView>;
  attributesOf(key: ObjectKey): Attributes;
}): readonly Metric[] {
  return MEASURES.map(
    ({ name, unit, description, value }) =>
      new Observed("gauge", {
        name,
        unit,
        description,
        scope: SCOPE,
        *read(): Generator<NumberPoint> {
          for (const view of ports.views()) {
            const number = value(view);
            if (number !== undefined) yield { attributes: ports.attributesOf(view.key), value: number };
          }
        },
      }),
  );
}

const CONCURRENCY = "{concurrency}";
const RPS = "{request}/s";

const MEASURES: readonly Measure[] = [
  {
    name: "kn.revision.pods.desired",
    unit: "{item}",
    description: "Pods that the autoscaler wants.",
    value: ({ averages, decision }) => averages && decision.desiredPodCount,
  },
  {
    name: "kn.revision.capacity.excess",
    unit: CONCURRENCY,
    description:
      "Requests that could come at once without the activator's help; negative = it stays in the path.",
    value: ({ averages, decision }) => averages && decision.excessBurstCapacity,
  },
  {
    name: "kn.revision.panic.mode",
    unit: "",
    description: "1 while the autoscaler panics, else 0.",
    value: ({ panicking }) => (panicking ? 1 : 0),
  },
  ...loads("concurrency", { unit: CONCURRENCY, what: "Requests at a time" }),
  ...loads("rps", { unit: RPS, what: "Requests per second" }),
];

/** Only the metric that the revision scales by is told. */
function loads(
  metric: "concurrency" | "rps",
  { unit, what }: { unit: string; what: string },
): readonly Measure[] {
  const scalesBy = ({ spec }: DeciderView) => (spec.scalingMetric === "rps") === (metric === "rps");
  const load = (name: string, description: string, value: Measure["value"]): Measure => ({
    name: `kn.revision.${metric}.${name}`,
    unit,
    description,
    value: (view) => (scalesBy(view) && view.averages ? value(view) : undefined),
  });
  return [
    load("stable", `${what}, averaged over the stable window.`, ({ averages }) => averages?.stable),
    load("panic", `${what}, averaged over the panic window.`, ({ averages }) => averages?.panic),
    load("target", `${what} that one pod should have.`, ({ spec }) => spec.targetValue),
  ];
}
