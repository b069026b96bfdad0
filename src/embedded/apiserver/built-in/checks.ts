import { isIP } from "node:net";
import type { ConfigMap } from "../../../api/config-map/kind.ts";
import { configMapCauses } from "../../../api/config-map/validate.ts";
import type { CoreService } from "../../../api/core-service/kind.ts";
import { serviceCauses, serviceStatusCauses, serviceWarnings } from "../../../api/core-service/validate.ts";
import type { CustomResourceDefinition } from "../../../api/custom-resource-definition/kind.ts";
import { definitionCauses } from "../../../api/custom-resource-definition/validate.ts";
import type { EndpointSlice } from "../../../api/endpoint-slice/kind.ts";
import { sliceCauses } from "../../../api/endpoint-slice/validate.ts";
import type { Event } from "../../../api/event/kind.ts";
import { eventCauses } from "../../../api/event/validate.ts";
import { forbidden, invalidValue, required } from "../../../api/field-cause.ts";
import type { HorizontalPodAutoscaler } from "../../../api/horizontal-pod-autoscaler/kind.ts";
import { autoscalerCauses } from "../../../api/horizontal-pod-autoscaler/validate.ts";
import type { Lease } from "../../../api/lease/kind.ts";
import { leaseCauses } from "../../../api/lease/validate.ts";
import type { ApiObject } from "../../../api/object.ts";
import type { PersistentVolumeClaim } from "../../../api/persistent-volume-claim/kind.ts";
import { claimCauses } from "../../../api/persistent-volume-claim/validate.ts";
import { recordsIn } from "../../../api/pod/defaults.ts";
import { podSpecCauses } from "../../../api/pod/validate.ts";
import type { PodDisruptionBudget } from "../../../api/pod-disruption-budget/kind.ts";
import { budgetCauses } from "../../../api/pod-disruption-budget/validate.ts";
import type { PodSpec } from "../../../api/pod-spec.ts";
import { type AnyBinding, type AnyRole, bindingCauses, roleCauses } from "../../../api/rbac-rules.ts";
import type { Secret } from "../../../api/secret/kind.ts";
import { secretCauses, secretWarnings } from "../../../api/secret/validate.ts";
import type { WebhookConfiguration } from "../../../api/webhook-configuration/kind.ts";
import { webhookCauses } from "../../../api/webhook-configuration/validate.ts";
import { type AnyObject, recordAt, sameJson } from "../any-object.ts";
import type { Cause } from "../failures.ts";
import type { Checked } from "./checked.ts";
import { checkWorkload } from "./workload-checks.ts";

/** Kubernetes' checks of built-in kinds, as far as Knative's users meet them. Returns what is wrong. */

export function checkBuiltIn(collection: string, checked: Checked): Cause[] {
  const { object, before } = checked;
  switch (collection) {
    case "configmaps":
      return [...configMapCauses(object as ConfigMap), ...checkImmutable(checked)];
    case "secrets":
      return [...checkSecretType(checked), ...checkImmutable(checked), ...secretCauses(object as Secret)];
    case "deployments.apps":
    case "replicasets.apps":
      return checkWorkload(collection === "deployments.apps" ? "deployment" : "replicaset", checked);
    case "endpoints":
      return recordsIn(object, "subsets").flatMap((subset, index) =>
        checkSubset(subset, index, checked.inside),
      );
    case "services":
      return serviceCauses(
        object as ApiObject as CoreService,
        before as ApiObject | undefined as CoreService | undefined,
      );
    case "pods":
      return checkPod(checked);
    case "events":
      return before ? [] : eventCauses(object as ApiObject as Event);
    default:
      return checkByDefinition(collection, checked);
  }
}

/** Kinds whose checks stand beside their definitions. */
function checkByDefinition(collection: string, { object, before, inside }: Checked): Cause[] {
  switch (collection) {
    case "endpointslices.discovery.k8s.io":
      return sliceCauses(object as ApiObject as EndpointSlice, {
        inside,
        before: before as ApiObject | undefined as EndpointSlice | undefined,
      });
    case "persistentvolumeclaims":
      return before ? [] : claimCauses(object as ApiObject as PersistentVolumeClaim);
    case "leases.coordination.k8s.io":
      return leaseCauses(object as Lease);
    case "roles.rbac.authorization.k8s.io":
    case "clusterroles.rbac.authorization.k8s.io":
      return roleCauses(object as AnyRole, collection.startsWith("roles"));
    case "rolebindings.rbac.authorization.k8s.io":
    case "clusterrolebindings.rbac.authorization.k8s.io":
      return bindingCauses(
        object as AnyBinding,
        before as AnyBinding | undefined,
        collection.startsWith("rolebindings"),
      );
    case "horizontalpodautoscalers.autoscaling":
      return autoscalerCauses(object as ApiObject as HorizontalPodAutoscaler);
    case "poddisruptionbudgets.policy":
      return budgetCauses(object as ApiObject as PodDisruptionBudget);
    case "mutatingwebhookconfigurations.admissionregistration.k8s.io":
    case "validatingwebhookconfigurations.admissionregistration.k8s.io":
      return webhookCauses(object as WebhookConfiguration);
    case "customresourcedefinitions.apiextensions.k8s.io":
      return definitionCauses(object as ApiObject as CustomResourceDefinition);
    default:
      return [];
  }
}

/** What of a status a client cannot say. */
export function checkBuiltInStatus(collection: string, object: AnyObject): Cause[] {
  return collection === "services" ? serviceStatusCauses(object as ApiObject as CoreService) : [];
}

/** What is stored, but most likely not meant. */
export function builtInWarnings(collection: string, object: AnyObject): string[] {
  if (collection === "services") return serviceWarnings(object as ApiObject as CoreService);
  return collection === "secrets" ? secretWarnings(object as Secret) : [];
}

function checkImmutable({ object, before }: Checked): Cause[] {
  if (before?.immutable !== true) return [];
  const text = "field is immutable when `immutable` is set";
  const causes: Cause[] = [];
  if (object.immutable !== true) causes.push(forbidden("immutable", text));
  for (const field of ["data", "binaryData"])
    if (!sameJson(object[field] ?? {}, before[field] ?? {})) causes.push(forbidden(field, text));
  return causes;
}

function checkSecretType({ object, before }: Checked): Cause[] {
  if (before === undefined || object.type === before.type) return [];
  return [invalidValue("type", object.type, "field is immutable")];
}

function checkSubset(subset: Record<string, unknown>, index: number, inside: boolean): Cause[] {
  const path = `subsets[${index}]`;
  const groups = ["addresses", "notReadyAddresses"] as const;
  if (groups.every((group) => recordsIn(subset, group).length === 0))
    return [required(path, "must specify `addresses` or `notReadyAddresses`")];
  const addresses = groups.flatMap((group) =>
    recordsIn(subset, group).flatMap((address, at) =>
      checkAddress(`${path}.${group}[${at}].ip`, address.ip, inside),
    ),
  );
  const ports = recordsIn(subset, "ports");
  return [
    ...addresses,
    ...ports.flatMap((port, at) => checkPort(`${path}.ports[${at}]`, port, ports.length)),
  ];
}

/** A client may not point at the machine itself; the engine's own pods live there. */
function checkAddress(field: string, ip: unknown, inside: boolean): Cause[] {
  const address = String(ip ?? "");
  if (isIP(address) === 0)
    return [
      invalidValue(field, address, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"),
      invalidValue(field, address, "must be a valid IP address"),
    ];
  const loopback = address.startsWith("127.") || address === "::1";
  if (!loopback || inside) return [];
  return [invalidValue(field, address, "may not be in the loopback range (127.0.0.0/8, ::1/128)")];
}

function checkPort(field: string, port: Record<string, unknown>, count: number): Cause[] {
  const causes: Cause[] = [];
  if (count > 1 && !port.name) causes.push(required(`${field}.name`));
  const number = port.port ?? 0;
  if (typeof number !== "number" || number < 1 || number > 65535)
    causes.push(invalidValue(`${field}.port`, number, "must be between 1 and 65535, inclusive"));
  return causes;
}

const POD_CHANGES =
  "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`," +
  "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations)," +
  "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

function checkPod({ object, before, inside }: Checked): Cause[] {
  const spec = recordAt(object, ["spec"]);
  const causes = podSpecCauses(spec as Partial<PodSpec>, "spec");
  if (!before || causes.length > 0) return causes;
  const old = recordAt(before, ["spec"]);
  if (recordsIn(spec, "containers").length !== recordsIn(old, "containers").length)
    return [forbidden("spec.containers", "pod updates may not add or remove containers")];
  // The engine's own node binds a pod to itself by writing nodeName.
  const essence = (fields: Record<string, unknown>) => ({
    ...fields,
    tolerations: undefined,
    activeDeadlineSeconds: undefined,
    ...(inside ? { nodeName: undefined } : {}),
    containers: recordsIn(fields, "containers").map((container) => ({ ...container, image: undefined })),
    initContainers: recordsIn(fields, "initContainers").map((container) => ({
      ...container,
      image: undefined,
    })),
  });
  return sameJson(essence(spec), essence(old)) ? [] : [forbidden("spec", POD_CHANGES)];
}
