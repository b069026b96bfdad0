import { type DuckStatus, duckStatusFields } from "../duck-status.ts";
import type { Kind } from "../kind.ts";
import { READY_REASON, READY_STATUS, type Resource, resource } from "../resource.ts";
import { integer, object, string } from "../schema.ts";

export interface MetricSpec {
  /** Nanoseconds. */
  stableWindow: number;
  /** Nanoseconds. */
  panicWindow: number;
  /** Name of the Kubernetes Service to scrape; "" = do not scrape. */
  scrapeTarget: string;
}

export type MetricStatus = DuckStatus;
export type Metric = Resource<MetricSpec, MetricStatus>;

/** spec. */
export const MetricKind: Kind<Metric> = {
  group: "autoscaling.internal.knative.dev",
  version: "v1alpha1",
  kind: "Metric",
  plural: "metrics",
  singular: "metric",
  shortNames: [],
  categories: ["knative-internal", "autoscaling"],
  namespaced: true,
  custom: true,
  statusSubresource: true,
  schema: resource<MetricSpec, MetricStatus>(
    object(
      {
        stableWindow: integer({ format: "int64" }),
        panicWindow: integer({ format: "int64" }),
        scrapeTarget: string(),
      },
      {},
    ),
    object({}, duckStatusFields),
  ),
  columns: [
    { name: "Ready", type: "string", value: READY_STATUS },
    { name: "Reason", type: "string", value: READY_REASON },
  ],
};
