import type { Stored } from "../../../api/object.ts";
import { type PodAutoscaler, PodAutoscalerKind } from "../../../api/pod-autoscaler/kind.ts";
import { revisionAttributesOf } from "../../../api/revision-attributes.ts";
import { type Metric, type NumberPoint, Observed } from "../../../base/metrics.ts";
import type { Caches } from "../../../kube/informers.ts";
import { type PodCounts, podsOf } from "./pod-counts.ts";
import { hasKpaClass } from "./scale-spec.ts";

const SCOPE = "knative.dev/serving/pkg/autoscaler";

/** Pods of revisions, wanted and there, as metrics (spec M-016…M-018): looked up in the caches when someone reads. */
export function podAutoscalerMetrics(caches: Caches): readonly Metric[] {
  const sources = {
    caches,
    autoscalers: oncePerTurn(() => caches.list(PodAutoscalerKind).filter(hasKpaClass)),
  };
  return [
    metric(sources, "requested", {
      description: "Pods that the autoscaler has asked Kubernetes for.",
      value: ({ status }) => (status?.desiredScale === -1 ? undefined : status?.desiredScale),
    }),
    metric(sources, "count", { description: "Pods that are ready.", value: (_, pods) => pods().ready }),
    metric(sources, "not_ready.count", {
      description: "Pods that run and are not ready.",
      value: (_, pods) => pods().notReady,
    }),
    metric(sources, "pending.count", {
      description: "Pods that do not run yet.",
      value: (_, pods) => pods().pending,
    }),
    metric(sources, "terminating.count", {
      description: "Pods that are ending.",
      value: (_, pods) => pods().terminating,
    }),
  ];
}

interface Reading {
  readonly description: string;
  /** undefined = not known yet. */
  value(autoscaler: Stored<PodAutoscaler>, pods: () => PodCounts): number | undefined;
}

interface Sources {
  readonly caches: Caches;
  readonly autoscalers: () => readonly Stored<PodAutoscaler>[];
}

function metric({ caches, autoscalers }: Sources, name: string, { description, value }: Reading): Observed {
  return new Observed("gauge", {
    name: `kn.revision.pods.${name}`,
    unit: "{pod}",
    description,
    scope: SCOPE,
    *read(): Generator<NumberPoint> {
      for (const autoscaler of autoscalers()) {
        const number = value(autoscaler, () => podsOf(autoscaler, caches));
        if (number !== undefined) yield { attributes: revisionAttributesOf(autoscaler), value: number };
      }
    },
  });
}

/** All metrics are read one after the other, and to look at every object of a cache costs much (docs/adr/0014). */
function oncePerTurn<T>(read: () => T): () => T {
  let known: { readonly value: T } | undefined;
  return () => {
    if (known) return known.value;
    const value = read();
    known = { value };
    queueMicrotask(() => {
      known = undefined;
    });
    return value;
  };
}
