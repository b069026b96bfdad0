import { type Address, addressSchema, type DuckStatus, duckStatusFields } from "../duck-status.ts";
import type { Kind } from "../kind.ts";
import { READY_REASON, READY_STATUS, type Resource, resource } from "../resource.ts";
import { type RevisionTemplate, revisionTemplateSchema } from "../revision-spec.ts";
import { array, object, type Schema, string } from "../schema.ts";
import { type TrafficTarget, trafficTargetSchema } from "../traffic-target.ts";

export interface ServiceSpec {
  template: RevisionTemplate;
  traffic?: TrafficTarget[];
}

export interface ServiceStatus extends DuckStatus {
  latestReadyRevisionName?: string;
  latestCreatedRevisionName?: string;
  url?: string;
  address?: Address;
  traffic?: TrafficTarget[];
}

export type Service = Resource<ServiceSpec, ServiceStatus>;

const specSchema = object(
  {},
  {
    template: { ...revisionTemplateSchema },
    traffic: array(trafficTargetSchema),
  },
) as Schema as Schema<ServiceSpec>;

/** Knative's Service (spec ). */
export const ServiceKind: Kind<Service> = {
  group: "serving.knative.dev",
  version: "v1",
  kind: "Service",
  plural: "services",
  singular: "service",
  shortNames: ["kservice", "ksvc"],
  categories: ["all", "knative", "serving"],
  namespaced: true,
  custom: true,
  statusSubresource: true,
  schema: resource<ServiceSpec, ServiceStatus>(
    specSchema,
    object(
      {},
      {
        ...duckStatusFields,
        latestReadyRevisionName: string(),
        latestCreatedRevisionName: string(),
        url: string(),
        address: addressSchema,
        traffic: array(trafficTargetSchema),
      },
    ),
  ),
  columns: [
    { name: "URL", type: "string", value: ".status.url" },
    { name: "LatestCreated", type: "string", value: ".status.latestCreatedRevisionName" },
    { name: "LatestReady", type: "string", value: ".status.latestReadyRevisionName" },
    { name: "Ready", type: "string", value: READY_STATUS },
    { name: "Reason", type: "string", value: READY_REASON },
  ],
};
