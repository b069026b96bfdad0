import type { Kind } from "../../api/kind.ts";
import type { ApiObject } from "../../api/object.ts";
import { any, map, object, type Schema, string } from "../../api/schema.ts";

/** Small kinds of every sort, so that the server's tests depend on no real kind. */

export interface Thing extends ApiObject {
  spec?: Record<string, unknown>;
  status?: { phase?: string; conditions?: unknown[] };
  data?: Record<string, string>;
}

function kindOf(apiVersion: string, name: string, more: Partial<Kind> = {}): Kind<Thing> {
  const [version = "", group = ""] = apiVersion.split("/").reverse();
  const plural = `${name.toLowerCase()}s`;
  const schema = object({}, { metadata: any(), spec: any(), status: any(), data: map(string()) });
  return {
    group,
    version,
    kind: name,
    plural,
    singular: name.toLowerCase(),
    shortNames: [],
    categories: [],
    namespaced: true,
    custom: group.includes("."),
    statusSubresource: true,
    columns: [],
    ...more,
    schema: schema as Schema as Schema<Thing>,
  };
}

export const NamespaceTestKind = kindOf("v1", "Namespace", { namespaced: false });
export const ConfigMapTestKind = kindOf("v1", "ConfigMap", { statusSubresource: false });
export const PodTestKind = kindOf("v1", "Pod");
export const DeploymentTestKind = kindOf("apps/v1", "Deployment", { scaleSubresource: true });
export const RouteTestKind = kindOf("serving.knative.dev/v1", "Route");

export const testKinds = [
  NamespaceTestKind,
  ConfigMapTestKind,
  PodTestKind,
  DeploymentTestKind,
  RouteTestKind,
];
