import { SYSTEM_NAMESPACE } from "../api/names.ts";
import type { Attributes } from "../base/metrics.ts";
import { programAttributes } from "../http/telemetry/resource.ts";

/** What the metrics of one of Knative's components are told to be of; in this engine a component has no pod. */
export function componentResource(component: string, version: string, instance = component): Attributes {
  return {
    "k8s.namespace.name": SYSTEM_NAMESPACE,
    "service.instance.id": instance,
    "service.name": component,
    ...programAttributes({ version }),
  };
}
