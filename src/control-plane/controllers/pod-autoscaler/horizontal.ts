import type { AutoscalerConfig } from "../../../api/config/autoscaler.ts";
import {
  type HorizontalPodAutoscaler,
  HorizontalPodAutoscalerKind,
  type HorizontalPodAutoscalerSpec,
  type MetricSpec,
} from "../../../api/horizontal-pod-autoscaler/kind.ts";
import { defaultAutoscaler } from "../../../api/horizontal-pod-autoscaler/validate.ts";
import { apiVersionOf } from "../../../api/kind.ts";
import { keyOf, type Stored } from "../../../api/object.ts";
import type { PodAutoscaler, PodAutoscalerStatus } from "../../../api/pod-autoscaler/kind.ts";
import { type ServerlessService, ServerlessServiceKind } from "../../../api/serverless-service/kind.ts";
import { child, type Desired } from "../../../kube/controller.ts";
import type { Caches } from "../../../kube/informers.ts";
import { isControlledBy } from "../../../kube/owned-children.ts";
import { durationMsValue, floatValue } from "./annotation-values.ts";
import { childMetadata, serverlessService } from "./children.ts";
import { activeThreshold, scaleBounds, scaleSourceOf, scalingMetric } from "./scale-spec.ts";
import type { SksPlan } from "./sks-plan.ts";
import { conditionOf, horizontalStatus, isScaleTargetInitialized, notOwnedStatus } from "./status.ts";

/**
 * The class hpa.autoscaling.knative.dev (spec S-072…S-075): a HorizontalPodAutoscaler scales, its pods take all
 * requests themselves, and there is no way to zero.
 */

/** All activators stand by, none is asked. */
const ALWAYS_SERVE: SksPlan = { mode: "Serve", numActivators: 0 };
const REPLICAS_MAX = 2 ** 31 - 1;

export interface HorizontalObserved {
  readonly horizontal: Stored<HorizontalPodAutoscaler> | undefined;
  readonly sks: Stored<ServerlessService> | undefined;
  readonly isForeign: boolean;
}

export function observeHorizontal(parent: Stored<PodAutoscaler>, caches: Caches): HorizontalObserved {
  const key = keyOf(parent);
  const horizontal = caches.get(HorizontalPodAutoscalerKind, key);
  const isForeign = horizontal !== undefined && !isControlledBy(horizontal, parent);
  return { horizontal, sks: caches.get(ServerlessServiceKind, key), isForeign };
}

export function desiredHorizontal(
  parent: Stored<PodAutoscaler>,
  { horizontal, sks, isForeign }: HorizontalObserved,
  config: AutoscalerConfig,
): Desired<PodAutoscaler> {
  if (isForeign) {
    const status = notOwnedStatus(parent.status, HorizontalPodAutoscalerKind.kind, keyOf(parent).name);
    return { children: [], status };
  }
  return {
    children: [
      child({ kind: HorizontalPodAutoscalerKind, object: horizontalPodAutoscaler(parent, config) }),
      child({ kind: ServerlessServiceKind, object: serverlessService(parent, ALWAYS_SERVE) }),
    ],
    status: statusOf(parent, { horizontal, sks }, config),
  };
}

function statusOf(
  parent: Stored<PodAutoscaler>,
  { horizontal, sks }: Pick<HorizontalObserved, "horizontal" | "sks">,
  config: AutoscalerConfig,
): PodAutoscalerStatus {
  const { currentReplicas = 0, desiredReplicas = 0 } = horizontal?.status ?? {};
  const initialized = isScaleTargetInitialized(parent.status);
  return horizontalStatus({
    before: parent.status,
    serviceName: sks?.status?.serviceName ?? "",
    metricsServiceName: sks?.status?.privateServiceName ?? "",
    isServed: conditionOf(sks?.status, "Ready")?.status === "True",
    want: desiredReplicas,
    ready: currentReplicas,
    threshold: activeThreshold(scaleSourceOf(parent), config, initialized),
  });
}

function horizontalPodAutoscaler(
  autoscaler: PodAutoscaler,
  config: AutoscalerConfig,
): HorizontalPodAutoscaler {
  const source = scaleSourceOf(autoscaler);
  const { min, max } = scaleBounds(source, config);
  const metrics = metricsOf(autoscaler);
  const windowMs = durationMsValue(source.annotations, "window");
  const rules = { stabilizationWindowSeconds: Math.trunc((windowMs ?? 0) / 1000) };
  const spec: HorizontalPodAutoscalerSpec = {
    scaleTargetRef: { ...autoscaler.spec.scaleTargetRef },
    maxReplicas: max === 0 ? REPLICAS_MAX : max,
    ...(min > 0 ? { minReplicas: min } : {}),
    ...(metrics.length === 0 ? {} : { metrics }),
    ...(windowMs === undefined ? {} : { behavior: { scaleUp: { ...rules }, scaleDown: { ...rules } } }),
  };
  // As the API would: else what it adds would look like a difference at each look.
  defaultAutoscaler(spec);
  return {
    apiVersion: apiVersionOf(HorizontalPodAutoscalerKind),
    kind: HorizontalPodAutoscalerKind.kind,
    metadata: { ...childMetadata(autoscaler), annotations: { ...source.annotations } },
    spec,
  };
}

/** Without a target of its own the cluster's default holds. */
function metricsOf(autoscaler: PodAutoscaler): MetricSpec[] {
  const source = scaleSourceOf(autoscaler);
  const target = floatValue(source.annotations, "target");
  if (target === undefined || !(target > 0)) return [];
  const name = scalingMetric(source);
  const whole = Math.trunc(target);
  switch (name) {
    case "cpu": {
      const averageUtilization = Math.ceil(target);
      return [{ type: "Resource", resource: { name, target: { type: "Utilization", averageUtilization } } }];
    }
    case "memory": {
      const averageValue = `${whole}Mi`;
      return [{ type: "Resource", resource: { name, target: { type: "AverageValue", averageValue } } }];
    }
    default:
      return [
        {
          type: "Pods",
          pods: { metric: { name }, target: { type: "AverageValue", averageValue: `${whole}` } },
        },
      ];
  }
}
