import { AGE_COLUMN } from "../age.ts";
import { quantityMapSchema, type ResourceList } from "../container.ts";
import type { Kind } from "../kind.ts";
import { type Resource, resource } from "../resource.ts";
import { array, object, type Schema, string } from "../schema.ts";

export interface ResourceQuotaSpec {
  hard?: ResourceList;
  scopeSelector?: unknown;
  scopes?: string[];
}

export interface ResourceQuotaStatus {
  hard?: ResourceList;
  used?: ResourceList;
}

/** What a namespace may use at most; asked when a pod is made (spec E-214). */
export type ResourceQuota = Resource<ResourceQuotaSpec, ResourceQuotaStatus>;

const specSchema: Schema<ResourceQuotaSpec> = object(
  {},
  {
    hard: quantityMapSchema,
    scopes: array(string(), { listType: "atomic" }),
    scopeSelector: object(
      {},
      {
        matchExpressions: array(
          object(
            { operator: string(), scopeName: string() },
            { values: array(string(), { listType: "atomic" }) },
            { openApi: { type: "core.v1.ScopedResourceSelectorRequirement" } },
          ),
          { listType: "atomic" },
        ),
      },
      { mapType: "atomic", openApi: { type: "core.v1.ScopeSelector" } },
    ),
  },
);

const statusSchema: Schema<ResourceQuotaStatus> = object(
  {},
  { hard: quantityMapSchema, used: quantityMapSchema },
);

/** `requests.cpu: 0/2, pods: 1/4`, the limits in a column of their own. */
function usage({ spec, status }: ResourceQuota, ofLimits: boolean): string {
  const hard = spec.hard ?? {};
  return Object.keys(hard)
    .sort()
    .filter((name) => name.startsWith("limits") === ofLimits)
    .map((name) => `${name}: ${status?.used?.[name] ?? 0}/${hard[name]}`)
    .join(", ");
}

export const ResourceQuotaKind: Kind<ResourceQuota> = {
  group: "",
  version: "v1",
  kind: "ResourceQuota",
  plural: "resourcequotas",
  singular: "resourcequota",
  shortNames: ["quota"],
  categories: [],
  namespaced: true,
  custom: false,
  statusSubresource: true,
  schema: resource(specSchema, statusSchema),
  columns: [
    {
      name: "Request",
      type: "string",
      description: "Request represents a minimum amount of cpu/memory that a container may consume.",
      value: (quota: ResourceQuota) => usage(quota, false),
    },
    {
      name: "Limit",
      type: "string",
      description:
        "Limits control the maximum amount of cpu/memory that a container may use independent of contention on the node.",
      value: (quota: ResourceQuota) => usage(quota, true),
    },
    AGE_COLUMN,
  ],
};
