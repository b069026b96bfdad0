import { type Address, addressSchema, type DuckStatus, duckStatusFields } from "../duck-status.ts";
import type { Kind } from "../kind.ts";
import { READY_REASON, READY_STATUS, type Resource, resource } from "../resource.ts";
import { object, string } from "../schema.ts";

/** What the domain leads to. */
export interface Reference {
  kind?: string;
  name?: string;
  namespace?: string;
  apiVersion?: string;
  group?: string;
  address?: string;
}

export interface DomainMappingSpec {
  ref?: Reference;
  tls?: { secretName?: string };
}

export interface DomainMappingStatus extends DuckStatus {
  url?: string;
  address?: Address;
}

export type DomainMapping = Resource<DomainMappingSpec, DomainMappingStatus>;

const referenceSchema = object(
  {},
  {
    kind: string(),
    name: string(),
    namespace: string(),
    apiVersion: string(),
    group: string(),
    address: string(),
  },
  { openApi: { required: ["kind", "name"] } },
);

const tlsSchema = object({}, { secretName: string() }, { openApi: { required: ["secretName"] } });

/** spec. */
export const DomainMappingKind: Kind<DomainMapping> = {
  group: "serving.knative.dev",
  version: "v1beta1",
  kind: "DomainMapping",
  plural: "domainmappings",
  singular: "domainmapping",
  shortNames: ["dm"],
  categories: ["all", "knative", "serving"],
  namespaced: true,
  custom: true,
  statusSubresource: true,
  schema: resource<DomainMappingSpec, DomainMappingStatus>(
    object({}, { ref: referenceSchema, tls: tlsSchema }, { openApi: { required: ["ref"] } }),
    object({}, { ...duckStatusFields, url: string(), address: addressSchema }),
  ),
  columns: [
    { name: "URL", type: "string", value: ".status.url" },
    { name: "Ready", type: "string", value: READY_STATUS },
    { name: "Reason", type: "string", value: READY_REASON },
  ],
};
