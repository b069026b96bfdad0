import {
  type Attributes,
  type Metric,
  type MetricsSource,
  type NumberPoint,
  type NumberType,
  Observed,
} from "../../base/metrics.ts";
import type { Activator } from "./activator.ts";
import type { RevisionHold } from "./revision-hold.ts";

const SCOPE = "knative.dev/serving/pkg/activator";
const AUTOSCALER: Attributes = { peer: "autoscaler" };

/**
 * The activator's metrics (spec M-003…M-009, T-041). What the throttle and the reporter know anyhow is looked up when
 * someone reads, so a request pays for nothing but the metrics of HTTP.
 */
export function activatorMetrics(activator: Activator, resource: Attributes): MetricsSource {
  const { reporter, revisions, options } = activator;
  const each = (read: (hold: RevisionHold) => number) => () => numbersOf(revisions.used(), read);
  const own: readonly Metric[] = [
    metric("gauge", "kn.revision.request.concurrency", {
      description: "Requests in the activator at a time, in the last second that was reported.",
      read: each(({ view }) => reporter.concurrencyOf(view.namespace, view.name)),
    }),
    metric("upDownCounter", "kn.revision.request.queued", {
      description: "Requests that wait in the activator.",
      read: each(({ waiting }) => waiting),
    }),
    metric("upDownCounter", "kn.revision.request.active", {
      description: "Requests that the activator has forwarded and that are not over.",
      read: each(({ running }) => running),
    }),
    metric("gauge", "kn.activator.stats.conn.reachable", {
      unit: "{reachable}",
      description: "Whether the activator can report: 1 or 0.",
      read: () => [{ attributes: AUTOSCALER, value: options.unhealthy?.() === undefined ? 1 : 0 }],
    }),
    metric("counter", "kn.activator.stats.conn.errors", {
      unit: "{error}",
      description: "Reports of the activator that could not be sent.",
      read: () => [{ attributes: AUTOSCALER, value: reporter.errorCount }],
    }),
  ];
  return {
    resource,
    get metrics() {
      return [...(options.telemetry?.http?.metrics ?? []), ...own];
    },
  };
}

function metric(
  type: NumberType,
  name: string,
  of: { unit?: string; description: string; read: () => Iterable<NumberPoint> },
): Observed {
  return new Observed(type, { name, unit: "{request}", scope: SCOPE, ...of });
}

function* numbersOf(
  holds: Iterable<RevisionHold>,
  read: (hold: RevisionHold) => number,
): Generator<NumberPoint> {
  for (const hold of holds) yield { attributes: hold.names.labels.attributes, value: read(hold) };
}
