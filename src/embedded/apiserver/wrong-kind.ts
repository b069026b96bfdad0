import { copyJson } from "../../base/json.ts";
import { type AnyObject, sameJson, valueAt } from "./any-object.ts";
import { invalid } from "./failures.ts";
import type { Resource } from "./resources.ts";

/**
 * A custom resource whose body names another kind is refused, unless a webhook changed something: its patch is applied
 * to a typed object, and the type is the right one from then on (recorded so; clients never rely on it).
 */
export function rightKind(resource: Resource, object: AnyObject): (admitted: AnyObject) => void {
  const { kind } = resource.kind;
  const stated = object.kind;
  if (!resource.kind.custom || stated === undefined || stated === kind) return () => {};
  object.kind = kind;
  // Knative's program writes a status that has fields without omitempty every time, so it always changes something.
  if ((resource.kind.schema.fields?.status?.required ?? []).length > 0) return () => {};
  const before = copyJson(object);
  return (admitted) => {
    if (!sameJson(before, admitted) || gainsStatus(resource, object)) return;
    const message = `Invalid value: ${JSON.stringify(stated)}: must be ${kind}`;
    const causes = [{ reason: "FieldValueInvalid", message, field: "kind" }];
    throw invalid({ kind: stated, group: resource.group }, object.metadata.name ?? "", causes);
  };
}

/** Go writes these two of a PodAutoscaler's status even when they are empty, so its webhook always adds them. */
function gainsStatus({ collection }: Resource, object: AnyObject): boolean {
  if (collection !== "podautoscalers.autoscaling.internal.knative.dev") return false;
  return ["serviceName", "metricsServiceName"].some(
    (name) => valueAt(object, ["status", name]) === undefined,
  );
}
