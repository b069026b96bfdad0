import type { AutoscalerConfig } from "../../../api/config/autoscaler.ts";
import { apiVersionOf } from "../../../api/kind.ts";
import { AUTOSCALING_METRIC } from "../../../api/labels.ts";
import { type Metric, MetricKind } from "../../../api/metric/kind.ts";
import type { ObjectMeta } from "../../../api/object.ts";
import type { PodAutoscaler } from "../../../api/pod-autoscaler/kind.ts";
import { type ServerlessService, ServerlessServiceKind } from "../../../api/serverless-service/kind.ts";
import { panicWindowMs, scaleSourceOf, scrapeTarget, stableWindowMs } from "./scale-spec.ts";
import type { SksPlan } from "./sks-plan.ts";

/** What a PodAutoscaler makes (spec N-007). The loop adds the owner. */

const NS_PER_MS = 1e6;

export function serverlessService(autoscaler: PodAutoscaler, plan: SksPlan): ServerlessService {
  const { [AUTOSCALING_METRIC]: _, ...annotations } = autoscaler.metadata.annotations ?? {};
  return {
    apiVersion: apiVersionOf(ServerlessServiceKind),
    kind: ServerlessServiceKind.kind,
    metadata: { ...childMetadata(autoscaler), annotations },
    spec: {
      mode: plan.mode,
      // Zero means all of them, and Go leaves it out.
      ...(plan.numActivators === 0 ? {} : { numActivators: plan.numActivators }),
      objectRef: autoscaler.spec.scaleTargetRef,
      protocolType: autoscaler.spec.protocolType,
    },
  };
}

export function metric(autoscaler: PodAutoscaler, config: AutoscalerConfig, privateService: string): Metric {
  const source = scaleSourceOf(autoscaler);
  return {
    apiVersion: apiVersionOf(MetricKind),
    kind: MetricKind.kind,
    metadata: { ...childMetadata(autoscaler), annotations: { ...autoscaler.metadata.annotations } },
    spec: {
      panicWindow: panicWindowMs(source, config) * NS_PER_MS,
      scrapeTarget: scrapeTarget(source, config, privateService),
      stableWindow: stableWindowMs(source, config) * NS_PER_MS,
    },
  };
}

export function childMetadata({ metadata }: PodAutoscaler): ObjectMeta {
  return {
    name: metadata.name ?? "",
    namespace: metadata.namespace ?? "",
    labels: { ...metadata.labels },
  };
}
