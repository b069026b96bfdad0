import type { Context } from "../admission/request.ts";
import { AUTOSCALING_CLASS, AUTOSCALING_METRIC } from "../labels.ts";
import { HPA_CLASS, KPA_CLASS } from "../names.ts";
import type { PodAutoscaler } from "./kind.ts";

/** spec A-100 with its erratum: a foreign class gets an empty metric. */
export function defaultPodAutoscaler({ config }: Context, autoscaler: PodAutoscaler): void {
  const annotations: Record<string, string> = autoscaler.metadata.annotations ?? {};
  annotations[AUTOSCALING_CLASS] ??= config.autoscaler.podAutoscalerClass;
  const className = annotations[AUTOSCALING_CLASS];
  annotations[AUTOSCALING_METRIC] ??=
    className === KPA_CLASS ? "concurrency" : className === HPA_CLASS ? "cpu" : "";
  autoscaler.metadata.annotations = annotations;
}
