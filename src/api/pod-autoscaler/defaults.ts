import type { Context } from "../admission/request.ts";
import { HPA_CLASS, KPA_CLASS } from "../names.ts";
import type { PodAutoscaler } from "./kind.ts";

const CLASS = "autoscaling.knative.dev/class";
const METRIC = "autoscaling.knative.dev/metric";

/** spec A-100 with its erratum: a foreign class gets an empty metric. */
export function defaultPodAutoscaler({ config }: Context, autoscaler: PodAutoscaler): void {
  const annotations: Record<string, string> = autoscaler.metadata.annotations ?? {};
  annotations[CLASS] ??= config.autoscaler.podAutoscalerClass;
  const className = annotations[CLASS];
  annotations[METRIC] ??= className === KPA_CLASS ? "concurrency" : className === HPA_CLASS ? "cpu" : "";
  autoscaler.metadata.annotations = annotations;
}
